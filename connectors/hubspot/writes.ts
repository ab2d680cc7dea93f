/** The write-back side: it changes properties of records that exist, and creates or removes nothing. */
import type { z } from 'zod';
import type { Outcome, SinkItem } from '../../src/connector/contract.ts';
import { Fault } from '../../src/connector/fault.ts';
import type { Value } from '../../src/connector/value.ts';
import { objectBatch } from './answers.ts';
import type { BatchError, HubSpotObject } from './answers.ts';
import type { HubSpotClient } from './client.ts';
import { classify } from './faults.ts';
import type { ObjectType } from './objects.ts';
import { locate } from './reading.ts';

type Prepared = {
  readonly item: SinkItem;
  readonly targetId: string;
  readonly properties: { [name: string]: string };
};

/** One outcome for each item, in the order of the items. Throws when HubSpot refused the batch as a whole, and then nothing was written. */
export async function updateBatch(
  client: HubSpotClient,
  type: ObjectType,
  items: readonly SinkItem[],
  signal: AbortSignal,
): Promise<Outcome[]> {
  const named = new Set<string>();
  const sent: Prepared[] = [];
  const outcomes = items.flatMap((item): Outcome[] => {
    const ready = prepare(item);
    if (ready instanceof Fault) return [{ id: item.id, status: 'failed', fault: ready }];
    // HubSpot refuses a batch that names a record twice: the second change of a record has to wait for the next.
    if (named.has(ready.targetId)) return [{ id: item.id, status: 'not_applied' }];
    named.add(ready.targetId);
    sent.push(ready);
    return [];
  });
  if (sent.length > 0) outcomes.push(...(await send(client, type, sent, signal)));
  const byId = new Map(outcomes.map((outcome) => [outcome.id, outcome]));
  return items.flatMap((item) => byId.get(item.id) ?? []);
}

async function send(
  client: HubSpotClient,
  type: ObjectType,
  batch: readonly Prepared[],
  signal: AbortSignal,
): Promise<Outcome[]> {
  const inputs = batch.map(({ item, targetId, properties }) => ({
    id: targetId,
    objectWriteTraceId: item.id,
    properties,
  }));
  const path = `${client.paths.objects(type)}/batch/update`;
  let answer: z.output<typeof objectBatch>;
  try {
    answer = await client.write(path, { inputs }, objectBatch, signal);
  } catch (error) {
    if (error instanceof Fault && error.kind === 'not_found')
      return whichAreGone(client, type, batch, error, signal);
    throw error;
  }
  const errors = answer.errors ?? [];
  const unanswered: Prepared[] = [];
  const outcomes = batch.flatMap((ready): Outcome[] => {
    const error = errors.find((candidate) => isAbout(candidate, ready));
    if (error) return [failed(ready, faultOf(error))];
    const result = answer.results.find((candidate) => answers(candidate, ready));
    if (result) return [{ id: ready.item.id, status: 'updated', targetId: result.id }];
    unanswered.push(ready);
    return [];
  });
  return [...outcomes, ...(await explain(client, type, unanswered, answer, signal))];
}

/** A batch that is not found as a whole is either about records that are gone, or about a wrong address. */
async function whichAreGone(
  client: HubSpotClient,
  type: ObjectType,
  batch: readonly Prepared[],
  fault: Fault,
  signal: AbortSignal,
): Promise<Outcome[]> {
  const located = await locate(
    client,
    type,
    batch.map(({ targetId }) => targetId),
    [],
    signal,
  );
  if (located.every(({ object }) => object !== null))
    throw new Fault({ kind: 'config', code: fault.code, message: fault.message, cause: fault });
  return batch.map((ready, index) =>
    located[index]?.object
      ? { id: ready.item.id, status: 'not_applied' }
      : failed(ready, gone(type, ready.targetId)),
  );
}

function answers(object: HubSpotObject, { item, targetId }: Prepared): boolean {
  return object.objectWriteTraceId ? object.objectWriteTraceId === item.id : object.id === targetId;
}

/** The context names inputs by trace id or by record id, under keys that vary (`ids`, `id`, `objectId`). */
function isAbout({ context }: BatchError, { item, targetId }: Prepared): boolean {
  const { objectWriteTraceId, ...others } = context ?? {};
  if ([objectWriteTraceId].flat().includes(item.id)) return true;
  return Object.entries(others).some(
    ([key, ids]) => /^(ids?|objectIds?)$/i.test(key) && [ids].flat().includes(targetId),
  );
}

/**
 * Items that no result and no error names. A record that was merged is answered under its new id; for the rest the
 * only error there is, or the lack of one, is the best that can be said, and sending it again does no harm.
 */
async function explain(
  client: HubSpotClient,
  type: ObjectType,
  items: readonly Prepared[],
  answer: {
    readonly results: readonly HubSpotObject[];
    readonly errors?: readonly BatchError[] | null | undefined;
  },
  signal: AbortSignal,
): Promise<Outcome[]> {
  if (items.length === 0) return [];
  const located = await locate(
    client,
    type,
    items.map(({ targetId }) => targetId),
    [],
    signal,
  );
  const answered = new Set(answer.results.map(({ id }) => id));
  const [error, ...more] = answer.errors ?? [];
  return items.map((ready, index): Outcome => {
    const object = located[index]?.object ?? null;
    if (object === null) return failed(ready, gone(type, ready.targetId));
    if (object.id !== ready.targetId && answered.has(object.id))
      return { id: ready.item.id, status: 'updated', targetId: object.id };
    return failed(ready, error && more.length === 0 ? faultOf(error) : unansweredFault(type, ready.targetId));
  });
}

function prepare(item: SinkItem): Prepared | Fault {
  if (item.targetId === null) {
    return new Fault({
      kind: 'config',
      code: 'hubspot_creates_nothing',
      message: `Record ${item.id} has no HubSpot id: the HubSpot connector writes back to records that exist.`,
    });
  }
  const properties: { [name: string]: string } = {};
  const fields = Object.keys(item.lines).map((field) => ({ field, message: 'HubSpot takes no lines here' }));
  for (const [field, value] of Object.entries(item.fields)) {
    const text = propertyValue(value);
    if (text === null) fields.push({ field, message: 'HubSpot takes a text, a list of texts or nothing' });
    else properties[field] = text;
  }
  if (fields.length === 0) return { item, targetId: item.targetId, properties };
  return new Fault({
    kind: 'invalid_record',
    code: 'hubspot_value_unfit',
    message: `Record ${item.id} has values that no HubSpot property can hold: ${fields.map(({ field }) => field).join(', ')}.`,
    fields,
  });
}

/** HubSpot clears a property with the empty text, and holds a multi-select as `a;b`. */
function propertyValue(value: Value): string | null {
  if (value === null) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  if (Array.isArray(value) && value.every((part) => typeof part === 'string')) return value.join(';');
  return null;
}

/** The error of a row, seen as if it had been the answer to that row alone. */
function faultOf(error: BatchError): Fault {
  const status =
    { OBJECT_NOT_FOUND: 404, CONFLICT: 409, OBJECT_ALREADY_EXISTS: 409 }[error.category ?? ''] ?? 400;
  return classify({ status, headers: {}, body: error, text: null });
}

function gone(type: ObjectType, id: string): Fault {
  return new Fault({
    kind: 'not_found',
    code: 'hubspot_not_found',
    message: `HubSpot has no ${type.name} ${id} any more.`,
  });
}

function unansweredFault(type: ObjectType, id: string): Fault {
  return new Fault({
    kind: 'transient',
    code: 'hubspot_item_unanswered',
    message: `HubSpot did not say what became of ${type.name} ${id}.`,
  });
}

function failed({ item }: Prepared, fault: Fault): Outcome {
  return { id: item.id, status: 'failed', fault };
}
