/** HubSpot's batches: at most 100 inputs, results in an order of their own, and 207 where some rows fail. */
import { z } from 'zod';
import { typeOf } from './object-types.ts';
import type { ObjectType } from './object-types.ts';
import type { Answer, Call, Endpoint } from './endpoint.ts';
import { archiveRows, parse } from './objects-api.ts';
import type { Portal } from './portal.ts';
import { Refusal, badRequest, correlationId, rowNotFound } from './refusal.ts';
import { associationInput, findId, isRefused, planCreate, planUpdate } from './rows.ts';
import type { Planned, Refused } from './rows.ts';
import { writtenInstant, writtenObject } from './written.ts';

const maxInputs = 100;
const id = z.coerce.string();
const values = z.record(z.string(), z.unknown());
const trace = z.string().optional();

const ids = z.array(z.object({ id }));
const readBody = z.object({
  inputs: ids,
  properties: z.array(z.string()).nullish(),
  idProperty: z.string().nullish(),
});
const createInput = z.object({
  properties: values,
  associations: z.array(associationInput).optional(),
  objectWriteTraceId: trace,
});
const updateInput = z.object({
  id,
  idProperty: z.string().optional(),
  properties: values,
  objectWriteTraceId: trace,
});
const upsertInput = updateInput.extend({ idProperty: z.string() });

function inputsOf<S extends z.ZodType>(input: S, body: unknown): z.output<S>[] {
  const { inputs } = parse(z.object({ inputs: z.array(input) }), body);
  if (inputs.length > maxInputs)
    throw badRequest(`A batch has at most ${maxInputs} inputs; this one has ${inputs.length}.`);
  return inputs;
}

function read(portal: Portal, { params, query, body }: Call): Answer {
  const type = typeOf(params['type']);
  const { inputs, properties, idProperty } = parse(readBody, body);
  if (inputs.length > maxInputs)
    throw badRequest(`A batch has at most ${maxInputs} inputs; this one has ${inputs.length}.`);
  const numbers = inputs.every((input) => idProperty || /^\d+$/.test(input.id));
  if (!numbers) throw badRequest('Invalid input JSON: an id is not a number.');
  const found = inputs.map((input) => {
    const own = findId(portal, type, input.id, idProperty ?? undefined);
    return own === null ? null : portal.read(type, own, query['archived'] === 'true');
  });
  const missing = inputs.filter((_input, index) => found[index] === null).map((input) => input.id);
  // Two ids of one merged record give one result.
  const seen = [...new Map(found.flatMap((one) => (one ? [[one.row.id, one] as const] : []))).values()];
  const results = seen.toReversed().map((one) => writtenObject(portal.world, type, one, properties ?? null));
  return batchAnswer(portal, results, missing.length > 0 ? [rowNotFound(missing, type)] : [], 200);
}

type Row = { readonly objectWriteTraceId?: string | undefined };

/**
 * Commits the good rows of a batch in one entry of the journal. A row with wrong values fails the batch as a whole,
 * unless every input carries a trace id of its own; a row that does not exist fails alone.
 */
function write(
  portal: Portal,
  type: ObjectType,
  inputs: readonly Row[],
  planned: readonly (Planned | Refused)[],
  { allGood, isNew }: { readonly allGood: number; readonly isNew?: (index: number) => boolean },
): Answer {
  const traces = inputs.map((input) => input.objectWriteTraceId);
  const traced = traces.every((one) => one !== undefined) && new Set(traces).size === traces.length;
  const fatal = traced ? undefined : planned.filter(isRefused).find((row) => !row.missing);
  if (fatal) throw new Refusal(fatal.status, { ...fatal.error, correlationId: correlationId() });
  portal.commit(planned.flatMap((row) => (isRefused(row) ? [] : row.entries)));
  const results = planned.flatMap((row, index) => {
    if (isRefused(row)) return [];
    const stored = portal.world.byId[type].get(row.id)!;
    return {
      ...writtenObject(
        portal.world,
        type,
        { row: stored, state: stored.state },
        Object.keys(stored.state.properties),
      ),
      ...(traces[index] !== undefined && { objectWriteTraceId: traces[index] }),
      ...(isNew && { new: isNew(index) }),
    };
  });
  const errors = planned.flatMap((row, index) => {
    if (!isRefused(row)) return [];
    const named = traces[index] === undefined ? {} : { objectWriteTraceId: [traces[index]] };
    return [{ ...row.error, context: { ...row.error.context, ...named } }];
  });
  return batchAnswer(portal, results.toReversed(), errors, allGood);
}

function batchAnswer(
  portal: Portal,
  results: readonly object[],
  errors: readonly object[],
  allGood: number,
): Answer {
  const at = writtenInstant(portal.now());
  const body = { status: 'COMPLETE', results, startedAt: at, completedAt: at };
  if (errors.length === 0) return { status: allGood, body };
  return { status: 207, body: { ...body, numErrors: errors.length, errors } };
}

function create(portal: Portal, { params, body }: Call): Answer {
  const type = typeOf(params['type']);
  const inputs = inputsOf(createInput, body);
  let ahead = 0;
  const planned = inputs.map((input) => {
    const row = planCreate(portal, type, input, { ahead });
    if (!isRefused(row)) ahead += 1;
    return row;
  });
  return write(portal, type, inputs, planned, { allGood: 201 });
}

function update(portal: Portal, { params, body }: Call): Answer {
  const type = typeOf(params['type']);
  const inputs = inputsOf(updateInput, body);
  refuseDuplicates(inputs.map((input) => `${input.idProperty ?? ''} ${input.id}`));
  const planned = inputs.map((input) => planUpdate(portal, type, input));
  return write(portal, type, inputs, planned, { allGood: 200 });
}

function upsert(portal: Portal, { params, body }: Call): Answer {
  const type = typeOf(params['type']);
  const inputs = inputsOf(upsertInput, body);
  refuseDuplicates(inputs.map((input) => input.id));
  const known = inputs.map((input) => findId(portal, type, input.id, input.idProperty) !== null);
  let ahead = 0;
  const planned = inputs.map((input, index) => {
    if (known[index]) return planUpdate(portal, type, input);
    const row = planCreate(
      portal,
      type,
      { properties: { ...input.properties, [input.idProperty]: input.id } },
      { ahead },
    );
    if (!isRefused(row)) ahead += 1;
    return row;
  });
  return write(portal, type, inputs, planned, { allGood: 200, isNew: (index) => !known[index] });
}

function refuseDuplicates(names: readonly string[]): void {
  if (new Set(names).size < names.length) throw badRequest('Duplicate IDs found in batch input.');
}

function archive(portal: Portal, { params, body }: Call): Answer {
  const inputs = inputsOf(z.object({ id }), body);
  archiveRows(
    portal,
    typeOf(params['type']),
    inputs.map((input) => input.id),
  );
  return { status: 204 };
}

export const batchApi: readonly Endpoint[] = [
  {
    family: 'objects',
    method: 'POST',
    path: '/:type/batch/read',
    name: 'batch/read',
    writes: false,
    handle: read,
  },
  {
    family: 'objects',
    method: 'POST',
    path: '/:type/batch/create',
    name: 'batch/create',
    writes: true,
    handle: create,
  },
  {
    family: 'objects',
    method: 'POST',
    path: '/:type/batch/update',
    name: 'batch/update',
    writes: true,
    handle: update,
  },
  {
    family: 'objects',
    method: 'POST',
    path: '/:type/batch/upsert',
    name: 'batch/upsert',
    writes: true,
    handle: upsert,
  },
  {
    family: 'objects',
    method: 'POST',
    path: '/:type/batch/archive',
    name: 'batch/archive',
    writes: true,
    handle: archive,
  },
];
