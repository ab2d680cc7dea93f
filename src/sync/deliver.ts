import type { Sink, SinkItem } from '../connector/contract.ts';
import { asFault, Fault } from '../connector/fault.ts';
import type { SourceRecord, Value } from '../connector/value.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { isLastAttempt, type Lease, type LeasedJob } from '../queue/lease.ts';
import { commitIntents } from '../store/intent.ts';
import { loadLinked, loadStandings, type Standing } from '../store/link.ts';
import type { Counts } from '../store/run.ts';
import { conclude, concludeHeld } from './conclude.ts';
import { noteFailure, noteSuccess } from './connection-health.ts';
import { connectionOf, type OpenConnection, type SyncContext } from './context.ts';
import { decide, type Decision, type Known } from './decide.ts';
import { chunk, pushItems, type Result } from './push.ts';
import { type Concluded, settle } from './settle.ts';

/** A record of the batch on its way through the steps. */
type Passenger = {
  readonly job: LeasedJob;
  readonly standing: Standing;
  readonly found: string | null;
  readonly decision: Decision;
};

/**
 * Carries one leased batch: loads what is known, looks up what is in doubt, decides, commits intents, sends, settles.
 * No database transaction is open while the sink is awaited. Returns the counts that were settled.
 */
export async function deliverBatch(
  context: SyncContext,
  mapping: Mapping,
  runId: string,
  lease: Lease,
): Promise<Partial<Counts>> {
  const sinkConnection = connectionOf(context, mapping.write.to);
  const sink = requireSink(sinkConnection);
  const abort = AbortSignal.any([lease.signal, context.halt]);
  await context.reached('jobs_leased', mapping.flow);
  const standings = await loadBatch(context, mapping, lease);
  const lookedUp = await lookUpDoubtful(sink, mapping, standings, abort);
  if (lookedUp.fault !== null) {
    const until = await noteFailure(context, sinkConnection.name, lookedUp.fault);
    const held = standings.map((standing, index): Concluded => ({
      job: at(lease.jobs, index),
      standing,
      conclusion: concludeHeld(standing, lookedUp.fault, until),
      writeBack: null,
    }));
    return settle(context, mapping, runId, held);
  }
  await context.reached('looked_up', mapping.flow);
  const passengers = await decideAll(context, mapping, lease, standings, lookedUp.found);
  await commitCreates(context, mapping, passengers);
  await context.reached('intents_committed', mapping.flow);
  const results = await send(sinkConnection, sink, mapping, passengers, {
    signal: abort,
    confirm: lease.confirm,
  });
  await context.reached('batch_answered', mapping.flow);
  const heldUntil = await noteHealth(context, sinkConnection, results);
  const writeBacks = await readWriteBacks(sink, mapping, passengers, results, abort);
  return settle(
    context,
    mapping,
    runId,
    concludeAll(context, sinkConnection, passengers, results, heldUntil, writeBacks),
  );
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

/** Finds out by external key what became of creates that were never answered, before anything is sent again. */
async function lookUpDoubtful(
  sink: Sink,
  mapping: Mapping,
  standings: readonly Standing[],
  signal: AbortSignal,
): Promise<{ fault: null; found: Map<string, string> } | { fault: Fault; found: null }> {
  const doubtful = standings.filter((s) => s.intent !== null && s.targetId === null);
  if (doubtful.length === 0) return { fault: null, found: new Map() };
  try {
    const keys = doubtful.map((s) => s.externalKey ?? '');
    const answers = await sink.findByExternalKey({ entity: mapping.write.entity, keys }, signal);
    const byKey = new Map(answers.map((answer) => [answer.key, answer.targetId]));
    const found = doubtful.flatMap((s): [string, string][] => {
      const targetId = byKey.get(s.externalKey ?? '');
      return targetId === undefined ? [] : [[s.sourceId, targetId]];
    });
    return { fault: null, found: new Map(found) };
  } catch (error) {
    signal.throwIfAborted();
    return { fault: asFault(error), found: null };
  }
}

async function decideAll(
  context: SyncContext,
  mapping: Mapping,
  lease: Lease,
  standings: readonly Standing[],
  found: ReadonlyMap<string, string>,
): Promise<Passenger[]> {
  const references = standings.flatMap((s) =>
    s.record === null || s.deleted ? [] : mapping.references(s.record),
  );
  const linked = await loadLinked(context.database, references);
  return standings.map((standing, index) => {
    const foundId = found.get(standing.sourceId) ?? null;
    const decision = decideSafely(context, mapping, standing, { linked, found: foundId });
    return { job: at(lease.jobs, index), standing, found: foundId, decision };
  });
}

/** A mapping that crashes on one record is that record's problem, and not its neighbours'. */
function decideSafely(context: SyncContext, mapping: Mapping, standing: Standing, known: Known): Decision {
  try {
    return decide(mapping, standing, known);
  } catch (error) {
    context.log.error(
      { err: error, flow: mapping.flow, sourceId: standing.sourceId },
      'the mapping crashed on a record',
    );
    const message = error instanceof Error ? error.message : 'unknown error';
    return {
      do: 'reject',
      problems: [{ code: 'mapping_crashed', field: '', message: `the mapping crashed: ${message}` }],
    };
  }
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

/** Sends creates and updates together, in batches, and then the removals. */
async function send(
  connection: OpenConnection,
  sink: Sink,
  mapping: Mapping,
  passengers: readonly Passenger[],
  lease: Pick<Lease, 'signal' | 'confirm'>,
): Promise<Map<string, Result>> {
  const items: SinkItem[] = [];
  const removals: Parameters<Sink['remove']>[1][number][] = [];
  for (const { decision, standing } of passengers) {
    if (decision.do === 'create' || decision.do === 'update') items.push(decision.item);
    if (decision.do === 'remove')
      removals.push({ id: standing.sourceId, targetId: decision.targetId, how: decision.how });
  }
  const results = await pushItems(sink, mapping.write.entity, items, connection.limits.batch, lease);
  for (const batch of chunk(removals, connection.limits.batch)) {
    lease.confirm();
    for (const [id, result] of await removeBatch(sink, mapping.write.entity, batch, lease.signal))
      results.set(id, result);
  }
  return results;
}

async function removeBatch(
  sink: Sink,
  entity: string,
  batch: readonly Parameters<Sink['remove']>[1][number][],
  signal: AbortSignal,
): Promise<Map<string, Result>> {
  const unanswered = new Fault({
    kind: 'transient',
    code: 'item_unanswered',
    message: 'the removal was not answered',
  });
  const results = new Map<string, Result>(
    batch.map(({ id }) => [id, { status: 'failed', fault: unanswered, whole: false }]),
  );
  try {
    for (const outcome of await sink.remove(entity, batch, signal)) {
      if (outcome.status === 'failed')
        results.set(outcome.id, { status: 'failed', fault: outcome.fault, whole: false });
      else if (outcome.status !== 'not_applied')
        results.set(outcome.id, { status: outcome.status, targetId: outcome.targetId });
    }
  } catch (error) {
    signal.throwIfAborted();
    const fault = asFault(error);
    for (const { id } of batch) results.set(id, { status: 'failed', fault, whole: true });
  }
  return results;
}

/** Holds the connection when a whole call failed, frees it when everything was answered; gives the time to go on. */
async function noteHealth(
  context: SyncContext,
  connection: OpenConnection,
  results: ReadonlyMap<string, Result>,
): Promise<Date> {
  if (results.size === 0) return context.now();
  for (const result of results.values()) {
    if (result.status === 'failed' && result.whole)
      return noteFailure(context, connection.name, result.fault);
  }
  await noteSuccess(context, connection.name);
  return context.now();
}

/** The values to write back on the CRM records, read from the ERP in one call where the id alone is not asked for. */
async function readWriteBacks(
  sink: Sink,
  mapping: Mapping,
  passengers: readonly Passenger[],
  results: ReadonlyMap<string, Result>,
  signal: AbortSignal,
): Promise<Map<string, { readonly [field: string]: Value }>> {
  const wishes = new Map<string, { readonly [field: string]: Value }>();
  if (mapping.writeBack.length === 0) return wishes;
  const unwritten = passengers.flatMap(({ standing, decision }) => {
    const result = results.get(standing.sourceId);
    const written = result?.status === 'created' || result?.status === 'updated' ? result.targetId : null;
    const targetId = decision.do === 'adopt' || decision.do === 'unchanged' ? decision.targetId : written;
    const wanted = !standing.wished || standing.targetId !== targetId;
    return targetId !== null && wanted ? [{ sourceId: standing.sourceId, targetId }] : [];
  });
  const fields = mapping.writeBack.map(({ from }) => from).filter((field) => field !== 'id');
  const records = await readFields(
    sink,
    mapping.write.entity,
    unwritten.map(({ targetId }) => targetId),
    fields,
    signal,
  );
  for (const { sourceId, targetId } of unwritten) {
    const record = records.get(targetId);
    const values = mapping.writeBack.flatMap(({ field, from }): [string, Value][] => {
      const value = from === 'id' ? targetId : record?.[from];
      return value === undefined ? [] : [[field, value]];
    });
    if (values.length > 0) wishes.set(sourceId, Object.fromEntries(values));
  }
  return wishes;
}

async function readFields(
  sink: Sink,
  entity: string,
  ids: readonly string[],
  fields: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, SourceRecord>> {
  if (fields.length === 0 || ids.length === 0) return new Map();
  try {
    const found = await sink.readByIds({ entity, ids, fields }, signal);
    return new Map(
      found.flatMap((answer): [string, SourceRecord][] =>
        answer.status === 'found' ? [[answer.id, answer.record]] : [],
      ),
    );
  } catch {
    signal.throwIfAborted();
    // The record is delivered all the same; its write-back is made up for by the sweep.
    return new Map();
  }
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
  return passengers.map(({ job, standing, found, decision }) => {
    const circumstances = {
      heldUntil,
      settledAt,
      lastAttempt: isLastAttempt(job),
      targetBefore: standing.targetId,
      found,
    };
    const conclusion = conclude(decision, results.get(standing.sourceId) ?? null, circumstances);
    return { job, standing, conclusion, writeBack: writeBacks.get(standing.sourceId) ?? null };
  });
}
