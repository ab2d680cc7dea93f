import type { Sink, SinkItem } from '../connector/contract.ts';
import type { Value } from '../connector/value.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { isLastAttempt, type Lease, type LeasedJob } from '../queue/lease.ts';
import { commitIntents } from '../store/intent.ts';
import { loadLinked, loadStandings, type Standing } from '../store/link.ts';
import type { Counts } from '../store/run.ts';
import { weigh } from './ceiling.ts';
import { conclude, concludeHeld, type Held } from './conclude.ts';
import { noteFailure, noteHealth } from './connection-health.ts';
import { connectionOf, type OpenConnection, type SyncContext } from './context.ts';
import { type Decision, decideSafely } from './decide.ts';
import { type LookedUp, lookUpDoubtful } from './look-up.ts';
import { holdForLosers } from './merges.ts';
import { isStale, presentMapping } from './present-mapping.ts';
import { pushItems, type Result } from './push.ts';
import { removeItems, type Removing } from './removals.ts';
import { holdSameFault } from './same-fault.ts';
import { type Concluded, settle } from './settle.ts';
import { readWriteBacks } from './wishes.ts';

/** A record of the batch on its way through the steps. */
type Passenger = {
  readonly job: LeasedJob;
  readonly standing: Standing;
  readonly found: string | null;
  readonly decision: Decision | Held;
  /** Whether a ceiling was held against what was decided. */
  readonly counted: boolean;
};

/**
 * Carries one leased batch: loads what is known, looks up what is in doubt, decides, commits intents, sends, settles.
 * No database transaction is open while the sink is awaited. Returns the counts that were settled.
 */
export async function deliverBatch(
  context: SyncContext,
  given: Mapping,
  runId: string,
  lease: Lease,
): Promise<Partial<Counts>> {
  const sinkConnection = connectionOf(context, given.write.to);
  const sink = requireSink(sinkConnection);
  const abort = AbortSignal.any([lease.signal, context.halt]);
  await context.reached('jobs_leased', given.flow);
  const standings = await loadBatch(context, given, lease);
  const mapping = isStale(given, standings) ? await presentMapping(context, given, 'now', abort) : given;
  const lookedUp = await lookUpDoubtful(sink, mapping, standings, abort);
  if (lookedUp.fault !== null) {
    const until = await noteFailure(context, sinkConnection.name, lookedUp.fault);
    const held = standings.map((standing, index): Concluded => ({
      job: at(lease.jobs, index),
      standing,
      conclusion: concludeHeld(standing, lookedUp.fault, until),
      output: null,
      writeBack: null,
      ours: standing.ours,
      counted: false,
    }));
    return settle(context, mapping, runId, held);
  }
  await context.reached('looked_up', mapping.flow);
  const decided = await decideAll(context, mapping, lease, standings, lookedUp);
  const passengers = await weigh(context, mapping, runId, await holdForLosers(context, mapping, decided));
  await commitCreates(context, mapping, passengers);
  await context.reached('intents_committed', mapping.flow);
  const results = await send(sinkConnection, sink, mapping, passengers, {
    signal: abort,
    confirm: lease.confirm,
  });
  await context.reached('batch_answered', mapping.flow);
  const suspects = new Set(
    passengers.flatMap(({ standing }) => (isSuspect(standing) ? [standing.sourceId] : [])),
  );
  const heldUntil = await noteHealth(context, sinkConnection, results, suspects, abort);
  const writeBacks = await readWriteBacks(sink, mapping, passengers, results, abort);
  const concluded = concludeAll(context, sinkConnection, passengers, results, heldUntil, writeBacks);
  return settle(context, mapping, runId, await holdSameFault(context, mapping.flow, concluded));
}

function requireSink(connection: OpenConnection): Sink {
  if (connection.sink === null) throw new Error(`connection ${connection.name} has no sink`);
  return connection.sink;
}

function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw new Error('jobs and standings differ in number');
  return item;
}

function loadBatch(context: SyncContext, mapping: Mapping, lease: Lease): Promise<Standing[]> {
  const stream = { connection: mapping.read.from, entity: mapping.read.entity };
  return loadStandings(
    context.database,
    mapping.flow,
    stream,
    lease.jobs.map((job) => job.data.sourceId),
  );
}

async function decideAll(
  context: SyncContext,
  mapping: Mapping,
  lease: Lease,
  standings: readonly Standing[],
  lookedUp: LookedUp & { fault: null },
): Promise<Passenger[]> {
  const references = standings.flatMap((s) =>
    s.record === null || s.deleted ? [] : mapping.references(s.record),
  );
  const linked = await loadLinked(context.database, references);
  const now = context.now().toISOString();
  return standings.map((standing, index) => {
    const foundId = lookedUp.found.get(standing.sourceId) ?? null;
    const refused = lookedUp.refused.get(standing.sourceId);
    const decision: Decision =
      refused === undefined
        ? decideSafely(mapping, standing, { linked, now, found: foundId }, (error) =>
            context.log.error(
              { err: error, flow: mapping.flow, sourceId: standing.sourceId },
              'the mapping crashed on a record',
            ),
          )
        : {
            do: 'reject',
            problems: [
              { code: refused.code, field: '', message: `it could not be looked up: ${refused.message}` },
            ],
          };
    return { job: at(lease.jobs, index), standing, found: foundId, decision, counted: false };
  });
}

async function commitCreates(
  context: SyncContext,
  mapping: Mapping,
  passengers: readonly Passenger[],
): Promise<void> {
  const intents = passengers.flatMap(({ decision, standing }) =>
    decision.do === 'create'
      ? [
          {
            sourceId: standing.sourceId,
            externalKey: decision.item.externalKey,
            fingerprint: decision.fingerprint,
          },
        ]
      : [],
  );
  if (intents.length > 0) await commitIntents(context.database, mapping.flow, intents);
}

/** A create that was sent and not answered before: it may be what the ERP cannot stand. */
const isSuspect = ({ state, attempts }: Standing): boolean => state === 'in_doubt' && attempts > 0;

/** Sends creates and updates together in batches, then each suspect alone, and then the removals. */
async function send(
  connection: OpenConnection,
  sink: Sink,
  mapping: Mapping,
  passengers: readonly Passenger[],
  lease: Pick<Lease, 'signal' | 'confirm'>,
): Promise<Map<string, Result>> {
  const items: SinkItem[] = [];
  const suspects: SinkItem[] = [];
  const removals: Removing[] = [];
  for (const { decision, standing } of passengers) {
    if (decision.do === 'create' || decision.do === 'update')
      (isSuspect(standing) ? suspects : items).push(decision.item);
    if (decision.do === 'remove')
      removals.push({ id: standing.sourceId, targetId: decision.targetId, how: decision.how });
  }
  const results = await pushItems(sink, mapping.write.entity, items, connection.limits.batch, lease);
  const alone = await pushItems(sink, mapping.write.entity, suspects, 1, lease);
  const removed = await removeItems(sink, mapping.write.entity, removals, connection.limits.batch, lease);
  return new Map([...results, ...alone, ...removed]);
}

function concludeAll(
  context: SyncContext,
  connection: OpenConnection,
  passengers: readonly Passenger[],
  results: ReadonlyMap<string, Result>,
  heldUntil: Date,
  writeBacks: ReadonlyMap<string, { readonly [field: string]: Value }>,
): Concluded[] {
  const settledAt = new Date(
    Math.max(heldUntil.getTime(), context.now().getTime() + connection.limits.settleMs),
  );
  return passengers.map(({ job, standing, found, decision, counted }) => {
    const result = results.get(standing.sourceId) ?? null;
    const circumstances = {
      heldUntil,
      settledAt,
      lastAttempt: isLastAttempt(job),
      doubts: isSuspect(standing) ? standing.attempts : 0,
      targetBefore: standing.targetId,
      found,
    };
    const conclusion = conclude(decision, result, circumstances);
    const output = 'output' in decision ? decision.output : null;
    const writeBack = writeBacks.get(standing.sourceId) ?? null;
    return { job, standing, conclusion, output, writeBack, ours: isOurs(standing, found, result), counted };
  });
}

/** An ERP record is ours when it answers a create as created, or is found where one of ours was not answered. */
function isOurs(standing: Standing, found: string | null, result: Result | null): boolean {
  if (standing.targetId !== null) return standing.ours;
  return found !== null || standing.intent !== null || result?.status === 'created';
}
