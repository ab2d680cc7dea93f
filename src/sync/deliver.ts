import type { Sink, SinkItem } from '../connector/contract.ts';
import { withTrace } from '../connector/trace.ts';
import type { Value } from '../connector/value.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { isLastAttempt, type Lease, LeaseLost, type LeasedJob } from '../queue/lease.ts';
import { commitIntents } from '../store/intent.ts';
import { excuseForParents } from './leaving-parents.ts';
import { loadLinked, loadStandings, type Standing } from '../store/link.ts';
import type { Counts } from '../store/run.ts';
import { batchTrace } from './batch-trace.ts';
import { arrivesMs, type Care, takeCare } from './careful.ts';
import { weigh } from './ceiling.ts';
import { conclude, concludeHeld, concludeHeldBack, type Conclusion, type Held } from './conclude.ts';
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
  await context.reached('jobs_leased', given.flow);
  const standings = await loadBatch(context, given, lease);
  return withTrace(batchTrace(standings), () => deliverLoaded(context, given, runId, lease, standings));
}

async function deliverLoaded(
  context: SyncContext,
  given: Mapping,
  runId: string,
  lease: Lease,
  standings: readonly Standing[],
): Promise<Partial<Counts>> {
  const sinkConnection = connectionOf(context, given.write.to);
  const sink = requireSink(sinkConnection);
  const abort = AbortSignal.any([lease.signal, context.halt]);
  const mapping = isStale(given, standings) ? await presentMapping(context, given, 'now', abort) : given;
  const decide = await decider(context, mapping, standings);
  const care = await takeCare(context, sinkConnection, sink, {
    mapping,
    standings,
    lease: { signal: abort, confirm: lease.confirm },
    wouldSend: (standing) => sends.has(decide(standing, null).do),
  });
  try {
    return await carry(context, mapping, runId, lease.jobs, {
      connection: sinkConnection,
      standings,
      decide,
      care,
    });
  } catch (error) {
    throw care.lost() ? new LeaseLost() : error;
  } finally {
    await care.end();
  }
}

/** A batch of which everything is known that the database knows. */
type Batch = {
  readonly connection: OpenConnection;
  readonly standings: readonly Standing[];
  readonly decide: Decide;
  readonly care: Care;
};

async function carry(
  context: SyncContext,
  mapping: Mapping,
  runId: string,
  jobs: readonly LeasedJob[],
  { connection, standings, decide, care }: Batch,
): Promise<Partial<Counts>> {
  const { sink, lease } = care;
  const lookedUp = await lookUpDoubtful(sink, mapping, care.lookUp, lease.signal);
  if (lookedUp.fault !== null) {
    const until = await noteFailure(context, connection.name, lookedUp.fault);
    const held = standings.map((standing, index) =>
      untouched(at(jobs, index), standing, concludeHeld(standing, lookedUp.fault, until)),
    );
    return settle(context, mapping, runId, held);
  }
  await context.reached('looked_up', mapping.flow);
  const early = care.tooEarly(lookedUp.found);
  const decided: Passenger[] = [];
  const held: Concluded[] = [];
  await context.giveWay();
  for (const [index, standing] of standings.entries()) {
    const job = at(jobs, index);
    const why = care.locked.get(standing.sourceId) ?? early.get(standing.sourceId);
    if (why !== undefined) held.push(untouched(job, standing, concludeHeldBack(standing, why)));
    else decided.push(passenger(job, standing, decide, lookedUp));
  }
  const passengers = await weigh(context, mapping, runId, await holdForLosers(context, mapping, decided));
  await commitCreates(context, mapping, passengers);
  await context.reached('intents_committed', mapping.flow);
  const results = await send(connection, sink, mapping, passengers, lease);
  await context.reached('batch_answered', mapping.flow);
  const suspects = new Set(
    passengers.flatMap(({ standing }) => (isSuspect(standing) ? [standing.sourceId] : [])),
  );
  const heldUntil = await noteHealth(context, connection, results, suspects, lease.signal);
  const writeBacks = await readWriteBacks(sink, mapping, passengers, results, lease.signal);
  const concluded = concludeAll(context, connection, passengers, results, heldUntil, writeBacks);
  const excused = await excuseForParents(context, mapping, concluded);
  return settle(context, mapping, runId, [...(await holdSameFault(context, mapping.flow, excused)), ...held]);
}

/** A record of which nothing was decided, and which is taken up again. */
const untouched = (job: LeasedJob, standing: Standing, conclusion: Conclusion): Concluded => ({
  job,
  standing,
  conclusion,
  output: null,
  sent: null,
  writeBack: null,
  ours: standing.ours,
  counted: false,
});

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

/** Decides about a record of the batch, given the ERP id under which the look-up has found it. */
type Decide = (standing: Standing, found: string | null) => Decision;

const sends: ReadonlySet<Decision['do']> = new Set(['create', 'update', 'remove']);

/** Loads what deciding takes, in one query for the batch. What was decided of a record that is not found is decided once. */
async function decider(
  context: SyncContext,
  mapping: Mapping,
  standings: readonly Standing[],
): Promise<Decide> {
  const references = standings.flatMap((s) =>
    s.record === null || s.deleted ? [] : mapping.references(s.record),
  );
  const linked = await loadLinked(context.database, references);
  const now = context.now().toISOString();
  const decided = new Map<string, Decision>();
  return (standing, found) => {
    const { sourceId } = standing;
    const before = found === null ? decided.get(sourceId) : undefined;
    if (before !== undefined) return before;
    const decision = decideSafely(mapping, standing, { linked, now, found }, (error) =>
      context.log.error({ err: error, flow: mapping.flow, sourceId }, 'the mapping crashed on a record'),
    );
    if (found === null) decided.set(sourceId, decision);
    return decision;
  };
}

function passenger(
  job: LeasedJob,
  standing: Standing,
  decide: Decide,
  lookedUp: LookedUp & { fault: null },
): Passenger {
  const found = lookedUp.found.get(standing.sourceId) ?? null;
  const refused = lookedUp.refused.get(standing.sourceId);
  const message = `it could not be looked up: ${refused?.message ?? ''}`;
  const decision: Decision =
    refused === undefined
      ? decide(standing, found)
      : { do: 'reject', problems: [{ code: refused.code, field: '', message }] };
  return { job, standing, found, decision, counted: false };
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

const isUnanswered = (result: Result | null): boolean =>
  result?.status === 'failed' && result.fault.kind === 'ambiguous';

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
  const careful = arrivesMs(connection) !== null;
  return passengers.map(({ job, standing, found, decision, counted }) => {
    const circumstances = {
      heldUntil,
      settledAt,
      lastAttempt: isLastAttempt(job),
      doubts: isSuspect(standing) ? standing.attempts : 0,
      targetBefore: standing.targetId,
      found,
    };
    const result = results.get(standing.sourceId) ?? null;
    const conclusion = conclude(decision, result, circumstances);
    const output = 'output' in decision ? decision.output : null;
    const writeBack = writeBacks.get(standing.sourceId) ?? null;
    const sent = 'item' in decision ? { fields: decision.item.fields, lines: decision.item.lines } : null;
    // Every create is looked up first, so that an intent is kept for nothing but a create whose answer is missing.
    const intentIsOver = careful && !isUnanswered(result);
    const ours = isOurs(standing, found, result);
    return { job, standing, conclusion, output, sent, writeBack, ours, counted, intentIsOver };
  });
}

/** An ERP record is ours when it answers a create as created, or is found where one of ours was not answered. */
function isOurs(standing: Standing, found: string | null, result: Result | null): boolean {
  if (standing.targetId !== null) return standing.ours;
  return found !== null || standing.intent !== null || result?.status === 'created';
}
