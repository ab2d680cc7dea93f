/** What becomes of one record of a request: the entries to commit, or the error that the row gets. */
import { z } from 'zod';
import { nameInAnswers, objectTypes, stampsOf } from './object-types.ts';
import type { ObjectType } from './object-types.ts';
import { bothSides, typesBetween } from './associations.ts';
import type { Portal } from './portal.ts';
import { badRequest, invalidBody, rowNotFound } from './refusal.ts';
import type { PropertyProblem } from './refusal.ts';
import { checkValues, uniqueProblems } from './values.ts';
import type { Entry } from './world.ts';

export type Planned = { readonly id: string; readonly entries: readonly Entry[] };
type RowError = {
  readonly status: string;
  readonly category: string;
  readonly message: string;
  readonly context?: object;
};
/** `missing` is the one error that never fails a whole batch. */
export type Refused = { readonly status: number; readonly error: RowError; readonly missing: boolean };

export const associationInput = z.object({
  to: z.object({ id: z.coerce.string() }),
  types: z.array(z.object({ associationTypeId: z.coerce.number() })),
});
type AssociationInput = z.output<typeof associationInput>;

type Values = { readonly [name: string]: unknown };
type Stamp = { readonly at?: number };

export function isRefused(planned: Planned | Refused): planned is Refused {
  return 'error' in planned;
}

/** Plans a new record; `ahead` counts the records that the same request makes before it. */
export function planCreate(
  portal: Portal,
  type: ObjectType,
  {
    properties,
    associations = [],
  }: { readonly properties: Values; readonly associations?: readonly AssociationInput[] | undefined },
  { ahead = 0, at = portal.now() }: Stamp & { readonly ahead?: number } = {},
): Planned | Refused {
  const checked = checkValues(portal.world, type, properties);
  if (checked.problems.length > 0) return invalid(checked.problems, portal.id);
  const [taken] = uniqueProblems(portal.world, type, null, checked.properties);
  if (taken) return clash(type, taken.holder);
  const id = portal.newId(type, ahead);
  const put: Entry = { op: 'put', type, id, properties: checked.properties, at, ...portal.delay() };
  return {
    id,
    entries: [put, ...associations.flatMap((association) => planLink(portal, type, id, association))],
  };
}

export function planUpdate(
  portal: Portal,
  type: ObjectType,
  given: { readonly id: string; readonly idProperty?: string | undefined; readonly properties: Values },
  { at = portal.now() }: Stamp = {},
): Planned | Refused {
  const id = findId(portal, type, given.id, given.idProperty);
  const seen = id === null ? null : portal.read(type, id);
  if (!seen) return { status: 404, error: rowNotFound([given.id], type), missing: true };
  if (portal.misbehaviour.rules().refuseIds.includes(given.id))
    return invalid(
      [{ name: stampsOf(type).modified, error: 'SANDBOX_RULE', message: 'this row is refused by a rule' }],
      portal.id,
    );
  const checked = checkValues(portal.world, type, given.properties);
  if (checked.problems.length > 0) return invalid(checked.problems, portal.id);
  const [taken] = uniqueProblems(portal.world, type, seen.row.id, checked.properties);
  if (taken) return clash(type, taken.holder);
  // Every save moves the stamp, also one that changes nothing.
  const put: Entry = {
    op: 'put',
    type,
    id: seen.row.id,
    properties: checked.properties,
    at,
    ...portal.delay(),
  };
  return { id: seen.row.id, entries: [put] };
}

/** An inline association names a type; which object type that leads to follows from the type. */
function planLink(portal: Portal, from: ObjectType, id: string, { to, types }: AssociationInput): Entry[] {
  const asked = types.map((type) => type.associationTypeId);
  const target = targetOf(from, asked);
  const sides = target && bothSides(from, target, asked);
  if (!sides || !portal.read(target, to.id)) throw badRequest(`The association to ${to.id} is not possible.`);
  return [{ op: 'link', from, id, to: target, toId: to.id, ...sides }];
}

function targetOf(from: ObjectType, asked: readonly number[]): ObjectType | undefined {
  return objectTypes.find((to) => {
    const types = typesBetween(from, to);
    return types !== null && asked.some((type) => type === types.plain || type === types.primary);
  });
}

/** The id of a record by a unique property, or the id itself. */
export function findId(
  portal: Portal,
  type: ObjectType,
  id: string,
  idProperty: string | undefined,
): string | null {
  if (!idProperty || idProperty === 'hs_object_id') return id;
  if (!portal.world.definitions[type].get(idProperty)?.hasUniqueValue)
    throw badRequest(`Unable to use ${idProperty}: its values are not unique.`);
  const row = portal.world.rows[type].find(
    ({ state }) => state.archivedAt === null && state.properties[idProperty] === id,
  );
  return row?.id ?? null;
}

function invalid(problems: readonly PropertyProblem[], portalId: number): Refused {
  return { status: 400, error: { status: 'error', ...invalidBody(problems, portalId) }, missing: false };
}

function clash(type: ObjectType, holder: string): Refused {
  const message = `${nameInAnswers(type)} already exists. Existing ID: ${holder}`;
  return { status: 409, error: { status: 'error', category: 'CONFLICT', message }, missing: false };
}
