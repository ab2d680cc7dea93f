import { z } from 'zod';
import { nameInAnswers, typeOf } from './object-types.ts';
import type { ObjectType } from './object-types.ts';
import { bothSides, linksOf, typesBetween, writtenType } from './associations.ts';
import type { Answer, Call, Endpoint } from './endpoint.ts';
import { parse } from './objects-api.ts';
import type { Portal } from './portal.ts';
import { badRequest, notFound } from './refusal.ts';
import { writtenInstant } from './written.ts';

const maxRead = 1000;
const maxCreate = 2000;
/** Associations of one record in one answer; the rest follows by the record's own cursor. */
const pageOfOne = 500;

const id = z.coerce.string();
const readBody = z.object({ inputs: z.array(z.object({ id, after: id.optional() })) });
const typesBody = z.array(
  z.object({ associationCategory: z.string().optional(), associationTypeId: z.coerce.number() }),
);
const createBody = z.object({
  inputs: z.array(z.object({ from: z.object({ id }), to: z.object({ id }), types: typesBody.default([]) })),
});
const archiveBody = z.object({
  inputs: z.array(z.object({ from: z.object({ id }), to: z.array(z.object({ id })) })),
});

function pair({ params }: Call): { from: ObjectType; to: ObjectType } {
  return { from: typeOf(params['from'] ?? params['type']), to: typeOf(params['to']) };
}

/** Associations with records that are archived are not shown. */
function visibleLinks(portal: Portal, from: ObjectType, ownId: string, to: ObjectType) {
  const seen = portal.read(from, ownId);
  if (!seen) return [];
  return linksOf(portal.world, from, seen.row.id, to).filter(([target]) => portal.read(to, target) !== null);
}

/** Ids of this answer are JSON numbers where they name the other side, as in HubSpot's own answers. */
function written(from: ObjectType, to: ObjectType, [target, types]: [string, readonly number[]]) {
  return { toObjectId: Number(target), associationTypes: types.map((type) => writtenType(from, to, type)) };
}

function batchRead(portal: Portal, call: Call): Answer {
  const { from, to } = pair(call);
  const { inputs } = parse(readBody, call.body);
  if (inputs.length > maxRead) throw badRequest(`At most ${maxRead} inputs can be read at once.`);
  const read = inputs.map((input) => ({ input, links: visibleLinks(portal, from, input.id, to) }));
  const results = read.flatMap(({ input, links }) => {
    if (links.length === 0) return [];
    const first = Number(input.after ?? 0);
    const next = first + pageOfOne;
    return [
      {
        from: { id: input.id },
        to: links.slice(first, next).map((link) => written(from, to, link)),
        ...(next < links.length && { paging: { next: { after: String(next), link: '' } } }),
      },
    ];
  });
  const errors = read.flatMap(({ input, links }) =>
    links.length > 0
      ? []
      : [
          {
            status: 'error',
            category: 'OBJECT_NOT_FOUND',
            subCategory: 'crm.associations.NO_ASSOCIATIONS_FOUND',
            message: `Nothing of type ${to} is associated with ${from} ${input.id}.`,
            context: { fromObjectId: [input.id], fromObjectType: [from], toObjectType: [to] },
          },
        ],
  );
  return complete(portal, results, errors, 200);
}

function complete(
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

function associate(
  portal: Portal,
  from: ObjectType,
  ownId: string,
  to: ObjectType,
  toId: string,
  asked: readonly number[],
) {
  const [own, other] = [portal.read(from, ownId), portal.read(to, toId)];
  const sides = bothSides(from, to, asked);
  if (!own || !other) throw notFound();
  if (!sides) throw badRequest(`${from} and ${to} cannot be associated.`);
  return { op: 'link', from, id: own.row.id, to, toId: other.row.id, ...sides } as const;
}

function batchCreate(portal: Portal, call: Call): Answer {
  const { from, to } = pair(call);
  const { inputs } = parse(createBody, call.body);
  if (inputs.length > maxCreate) throw badRequest(`At most ${maxCreate} associations can be made at once.`);
  const entries = inputs.map((input) =>
    associate(
      portal,
      from,
      input.from.id,
      to,
      input.to.id,
      input.types.map((type) => type.associationTypeId),
    ),
  );
  portal.commit(entries);
  const results = entries.map(({ id: fromObjectId, toId: toObjectId }) => ({
    fromObjectId,
    toObjectId,
    labels: [],
  }));
  return complete(portal, results, [], 201);
}

function batchArchive(portal: Portal, call: Call): Answer {
  const { from, to } = pair(call);
  const { inputs } = parse(archiveBody, call.body);
  const entries = inputs.flatMap((input) =>
    input.to.map((target) => ({ op: 'unlink', from, id: input.from.id, to, toId: target.id }) as const),
  );
  portal.commit(entries);
  return { status: 204 };
}

function listOne(portal: Portal, call: Call): Answer {
  const { from, to } = pair(call);
  if (!portal.read(from, call.params['id'] ?? '')) throw notFound();
  const links = visibleLinks(portal, from, call.params['id'] ?? '', to);
  return { status: 200, body: { results: links.map((link) => written(from, to, link)) } };
}

function listOneV3(portal: Portal, call: Call): Answer {
  const { from, to } = pair(call);
  if (!portal.read(from, call.params['id'] ?? '')) throw notFound();
  const links = visibleLinks(portal, from, call.params['id'] ?? '', to);
  return {
    status: 200,
    body: {
      results: links.map(([target]) => ({
        id: target,
        type: `${nameInAnswers(from)}_to_${nameInAnswers(to)}`,
      })),
    },
  };
}

function createOne(portal: Portal, call: Call): Answer {
  const { from, to } = pair(call);
  const label = call.params['label'];
  const asked =
    label === undefined
      ? parse(typesBody.catch([]), call.body).map((type) => type.associationTypeId)
      : [Number(label)];
  const entry = associate(
    portal,
    from,
    call.params['id'] ?? '',
    to,
    call.params['toId'] ?? '',
    asked.filter(Number.isFinite),
  );
  portal.commit([entry]);
  return { status: 201, body: { fromObjectId: entry.id, toObjectId: entry.toId, labels: [] } };
}

function createDefault(portal: Portal, call: Call): Answer {
  const { from, to } = pair(call);
  const entry = associate(portal, from, call.params['id'] ?? '', to, call.params['toId'] ?? '', []);
  portal.commit([entry]);
  const typeId = typesBetween(from, to)?.plain;
  const associationSpec = { associationCategory: 'HUBSPOT_DEFINED', associationTypeId: typeId };
  return complete(portal, [{ from: { id: entry.id }, to: { id: entry.toId }, associationSpec }], [], 200);
}

function removeOne(portal: Portal, call: Call): Answer {
  const { from, to } = pair(call);
  portal.commit([{ op: 'unlink', from, id: call.params['id'] ?? '', to, toId: call.params['toId'] ?? '' }]);
  return { status: 204 };
}

const one = '/:type/:id/associations/:to';

export const associationsApi: readonly Endpoint[] = [
  {
    family: 'associations',
    method: 'POST',
    path: '/:from/:to/batch/read',
    name: 'associations/read',
    writes: false,
    handle: batchRead,
  },
  {
    family: 'associations',
    method: 'POST',
    path: '/:from/:to/batch/create',
    name: 'associations/create',
    writes: true,
    handle: batchCreate,
  },
  {
    family: 'associations',
    method: 'POST',
    path: '/:from/:to/batch/archive',
    name: 'associations/archive',
    writes: true,
    handle: batchArchive,
  },
  {
    family: 'objectAssociations',
    method: 'GET',
    path: one,
    name: 'associations/list',
    writes: false,
    handle: listOne,
  },
  {
    family: 'objectAssociations',
    method: 'PUT',
    path: `${one}/:toId`,
    name: 'associations/create',
    writes: true,
    handle: createOne,
  },
  {
    family: 'objectAssociations',
    method: 'DELETE',
    path: `${one}/:toId`,
    name: 'associations/archive',
    writes: true,
    handle: removeOne,
  },
  {
    family: 'objectAssociations',
    method: 'PUT',
    path: '/:type/:id/associations/default/:to/:toId',
    name: 'associations/create',
    writes: true,
    handle: createDefault,
  },
  {
    family: 'objectAssociationsV3',
    method: 'GET',
    path: one,
    name: 'associations/list',
    writes: false,
    handle: listOneV3,
  },
  {
    family: 'objectAssociationsV3',
    method: 'PUT',
    path: `${one}/:toId/:label`,
    name: 'associations/create',
    writes: true,
    handle: createOne,
  },
];
