/** The association types of the account, most of them HubSpot's own. The first of a pair is the unlabelled one, the second marks the primary record. */
import type { ObjectType } from './object-types.ts';
import type { World } from './world.ts';

type Types = { readonly plain: number; readonly primary: number | null };

const defined: { readonly [pair: string]: Types } = {
  'contacts:companies': { plain: 279, primary: 1 },
  'companies:contacts': { plain: 280, primary: 2 },
  'deals:companies': { plain: 341, primary: 5 },
  'companies:deals': { plain: 342, primary: 6 },
  'deals:contacts': { plain: 3, primary: null },
  'contacts:deals': { plain: 4, primary: null },
  'deals:line_items': { plain: 19, primary: null },
  'line_items:deals': { plain: 20, primary: null },
  'tickets:companies': { plain: 339, primary: 26 },
  'companies:tickets': { plain: 340, primary: 25 },
  'tickets:contacts': { plain: 16, primary: null },
  'contacts:tickets': { plain: 15, primary: null },
  'tickets:deals': { plain: 28, primary: null },
  'deals:tickets': { plain: 27, primary: null },
  // The account's own: HubSpot numbers the associations of a custom object for each account.
  'machines:companies': { plain: 41, primary: null },
  'companies:machines': { plain: 42, primary: null },
};

export function typesBetween(from: ObjectType, to: ObjectType): Types | null {
  return defined[`${from}:${to}`] ?? null;
}

/** The type ids that stand on both sides of an association when `asked` are asked for on one of them. */
export function bothSides(from: ObjectType, to: ObjectType, asked: readonly number[]) {
  const there = typesBetween(from, to);
  const back = typesBetween(to, from);
  if (there === null || back === null) return null;
  const primary = there.primary !== null && asked.includes(there.primary);
  const labels = asked.filter((type) => type !== there.plain && type !== there.primary);
  return {
    there: [there.plain, ...(primary ? [there.primary] : []), ...labels],
    back: [back.plain, ...(primary && back.primary !== null ? [back.primary] : [])],
  };
}

/** The associated ids with their type ids; those of records that are archived are kept, but not shown. */
export function linksOf(
  world: World,
  from: ObjectType,
  id: string,
  to: ObjectType,
): [string, readonly number[]][] {
  const links = world.links.get(`${from}:${to}`)?.get(id);
  return [...(links ?? [])];
}

/** How an association type is written in a v4 answer. */
export function writtenType(from: ObjectType, to: ObjectType, typeId: number) {
  const own = typesBetween(from, to);
  const standard = from !== 'machines' && to !== 'machines';
  const defined = standard && (typeId === own?.plain || typeId === own?.primary);
  const category = defined ? 'HUBSPOT_DEFINED' : 'USER_DEFINED';
  return { category, typeId, label: typeId === own?.primary ? 'Primary' : null };
}
