import type { EntityDescription } from '../connector/contract.ts';
import { asFault } from '../connector/fault.ts';
import { problem } from '../errors/catalogue.ts';
import type { Problem } from '../errors/error.ts';
import { checkAgainst } from '../mapping/check/against.ts';
import type { Described, DescribedConnection } from '../mapping/described.ts';
import type { Lookup } from '../mapping/lookup/lookup.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { declaredOf } from '../mapping/part.ts';
import { inOrder, type UnsoundMapping } from '../mapping/read.ts';
import type { SyncContext } from './context.ts';
import type { MappingFolder } from './mapping-folder.ts';
import { type ReadingConnection, readingOnly } from './reading.ts';

/** Names the system behind each connection, as the configuration tells it. */
export type Systems = { readonly [connection: string]: string };

/** What was described of the systems that are configured now; of any other it counts as not described. */
export function describedNow(described: Described, systems: Systems): Described {
  return Object.fromEntries(
    Object.entries(described).filter(
      ([name, { system }]) => Object.hasOwn(systems, name) && systems[name] === system,
    ),
  );
}

/** An entity that a system says it does not have, or does not show to the connection, and how it says so. */
export type MissingEntity = Side & { readonly message: string };

/** What systems have said of themselves. */
export type Said = { readonly described: Described; readonly missing: readonly MissingEntity[] };

/**
 * Holds mappings against what is described: misspelt paths, types that do not fit, values that are not offered.
 * Gives the mappings with nothing against them, the others, and every problem.
 */
export function judgeByDescriptions<T extends UnsoundMapping>(
  mappings: readonly T[],
  { described, missing }: Said,
  references: readonly Mapping[],
): { good: T[]; doubted: T[]; problems: Problem[] } {
  const problems = mappings.flatMap((mapping) => [
    ...missingOf(mapping, missing),
    ...checkAgainst(
      mapping,
      {
        source: described[mapping.read.from]?.source[mapping.read.entity] ?? null,
        sink: described[mapping.write.to]?.sink[mapping.write.entity] ?? null,
      },
      references,
    ),
  ]);
  const files = new Set(problems.filter(({ code }) => !advisory.has(code)).map(({ at }) => at?.file));
  return {
    good: mappings.filter(({ file }) => !files.has(file)),
    doubted: mappings.filter(({ file }) => files.has(file)),
    problems,
  };
}

/** Problems from two looks at the same files, those of each file together and in the order of their places. */
export function joinProblems(one: readonly Problem[], other: readonly Problem[]): Problem[] {
  const all = Map.groupBy([...one, ...other], ({ at }) => at?.file ?? '');
  return [...all.values()].flatMap(inOrder);
}

/**
 * Told, but no reason to hold a mapping back: some systems call a field read-only that their users cannot write in its
 * form, and take it from a program all the same.
 */
const advisory: ReadonlySet<string> = new Set(['mapping_read_only_field']);

/** The entities of a mapping that its systems do not have, each at its place in the file. */
function missingOf(mapping: UnsoundMapping, missing: readonly MissingEntity[]): Problem[] {
  return missing
    .filter((gone) => sidesOf([mapping]).some((side) => sameSide(side, gone)))
    .map(({ side, message }) => {
      const path = side === 'source' ? ['read', 'entity'] : ['write', 'entity'];
      const start = { at: { file: mapping.file, line: 1, column: 1 } };
      const place = declaredOf(mapping)?.place(path, 'value') ?? start;
      return problem('entity_not_described', `${message.replace(/\.$/, '')}.`, place);
    });
}

/**
 * Asks systems what entities look like now. What a system says that it does not have is missing; one that does not
 * answer says nothing, and `unanswered` tells why.
 */
export async function describeSystems(
  connections: ReadonlyMap<string, ReadingConnection>,
  systems: Systems,
  sides: readonly Side[],
  signal: AbortSignal,
): Promise<Said & { readonly unanswered: readonly Problem[] }> {
  const described: { [name: string]: DescribedConnection } = {};
  const missing: MissingEntity[] = [];
  const unanswered: Problem[] = [];
  for (const asked of sides) {
    const { name, side, entity } = asked;
    const connection = connections.get(name);
    const before = described[name] ?? { system: systems[name] ?? '', source: {}, sink: {} };
    try {
      const found: EntityDescription | undefined = await connection?.[side]?.describe(entity, signal);
      if (found !== undefined) described[name] = { ...before, [side]: { ...before[side], [entity]: found } };
    } catch (error) {
      signal.throwIfAborted();
      const { kind, message } = asFault(error);
      if (kind === 'config') missing.push({ ...asked, message });
      else
        unanswered.push(
          problem(
            'connection_unusable',
            `${connection?.title ?? name} does not describe ${entity}: ${message}.`,
          ),
        );
    }
  }
  return { described, missing, unanswered };
}

/** A connection and an entity that is read from it or written to it. */
export type Side = { readonly name: string; readonly side: 'source' | 'sink'; readonly entity: string };

/** Each connection and entity that mappings and lookups name, once. */
export function sidesOf(
  mappings: readonly Pick<Mapping, 'read' | 'write'>[],
  lookups: readonly Pick<Lookup, 'questions'>[] = [],
): Side[] {
  const ofMappings = mappings.flatMap(({ read, write }): Side[] => [
    { name: read.from, side: 'source', entity: read.entity },
    { name: write.to, side: 'sink', entity: write.entity },
  ]);
  const all = [
    ...ofMappings,
    ...lookups.flatMap(({ questions }) =>
      questions.map(({ connection, side, entity }): Side => ({ name: connection, side, entity })),
    ),
  ];
  return [...new Map(all.map((side) => [JSON.stringify(side), side])).values()];
}

/** Whether two speak of one entity of one connection. */
export const sameSide = (one: Side, other: Side): boolean =>
  one.name === other.name && one.side === other.side && one.entity === other.entity;

/** Sides of mappings and lookups that nothing is described of. */
export function undescribed(
  mappings: readonly Mapping[],
  described: Described,
  lookups: readonly Lookup[] = [],
): Side[] {
  return sidesOf(mappings, lookups).filter(
    ({ name, side, entity }) => described[name]?.[side][entity] === undefined,
  );
}

/** How a person is told of sides: `deals of crm`. */
export const sidesInWords = (sides: readonly Side[]): string =>
  sides.map(({ name, entity }) => `${entity} of ${name}`).join(', ');

/** What was said before and what is said now, which counts where both speak of an entity. */
export function mergeSaid(before: Said, now: Said): Said {
  const again = (side: Side): boolean =>
    now.described[side.name]?.[side.side][side.entity] !== undefined ||
    now.missing.some((gone) => sameSide(gone, side));
  return {
    described: mergeDescribed(before.described, now.described),
    missing: [...before.missing.filter((side) => !again(side)), ...now.missing],
  };
}

/** Puts what was described now in the place of what stood there, entity by entity. */
export function mergeDescribed(before: Described, now: Described): Described {
  const merged = Object.entries(now).map(([name, connection]) => {
    const known = before[name]?.system === connection.system ? before[name] : undefined;
    return [
      name,
      {
        ...connection,
        source: { ...known?.source, ...connection.source },
        sink: { ...known?.sink, ...connection.sink },
      },
    ] as const;
  });
  return { ...before, ...Object.fromEntries(merged) };
}

/**
 * Asks the systems about mappings that differ from what was once described (a field that was added since is no
 * mistake), and whether they have the entities that were never described (one that a system does not have would pause
 * the connection for every flow); what those look like is held against nothing until a person runs `check --online`.
 * True when that changed what is in use. A system that does not answer leaves all as it is.
 */
export async function askInDoubt(
  context: Pick<SyncContext, 'connections' | 'verified'>,
  folder: Pick<MappingFolder, 'current' | 'doubted' | 'lookups' | 'doubtedLookups' | 'learn' | 'described'>,
  systems: Systems,
  signal: AbortSignal,
): Promise<boolean> {
  const verified = (sides: readonly Side[]): Side[] => sides.filter(({ name }) => context.verified.has(name));
  const doubted = verified(sidesOf(folder.doubted(), folder.doubtedLookups()));
  const unknown = verified(undescribed(folder.current(), folder.described(), folder.lookups()));
  if (doubted.length + unknown.length === 0) return false;
  const connections = new Map([...context.connections].map(([name, open]) => [name, readingOnly(open)]));
  const again = await describeSystems(connections, systems, doubted, signal);
  const { missing } = await describeSystems(connections, systems, unknown, signal);
  return folder.learn({ described: again.described, missing: [...again.missing, ...missing] });
}
