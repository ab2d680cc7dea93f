import { closest } from 'fastest-levenshtein';
import type { Capabilities, Removal } from '../connector/contract.ts';
import { problem } from '../errors/catalogue.ts';
import type { Problem } from '../errors/error.ts';
import type { LeavePolicy, Mapping } from '../mapping/mapping.ts';
import { declaredOf } from '../mapping/part.ts';

/** What is known of a connection before it is opened. */
export type Offer = { readonly name: string; readonly title: string; readonly capabilities: Capabilities };

/**
 * Compares flows with the connections they name: a flow that needs what its connector lacks is refused when it is
 * loaded, with the sentence that says so. All problems at once.
 */
export function checkFlows(mappings: readonly Mapping[], offers: readonly Offer[]): Problem[] {
  return mappings.flatMap((mapping) => [
    ...checkSource(mapping, offers),
    ...checkDeletes(mapping, offers),
    ...checkSink(mapping, offers),
    ...mapping.writeBack.flatMap(({ to }) => checkWriteBack(mapping, to, offers)),
  ]);
}

/** Takes the flows out that their connections cannot carry, and adds the reasons to the problems. */
export function refuseFlows<T extends Mapping>(
  read: { readonly mappings: readonly T[]; readonly problems: readonly Problem[] },
  offers: readonly Offer[],
): { mappings: readonly T[]; problems: readonly Problem[] } {
  const refused = checkFlows(read.mappings, offers);
  const files = new Set(refused.map((found) => found.at?.file));
  return {
    mappings: read.mappings.filter(({ file }) => !files.has(file)),
    problems: [...read.problems, ...refused],
  };
}

function find(
  mapping: Mapping,
  name: string,
  path: readonly string[],
  offers: readonly Offer[],
): Offer | Problem {
  const offer = offers.find((candidate) => candidate.name === name);
  if (offer !== undefined) return offer;
  const names = offers.map((candidate) => candidate.name);
  const hint =
    names.length === 0 ? 'causeway.yaml names no connections.' : `Did you mean ${closest(name, names)}?`;
  return at(
    mapping,
    path,
    'unknown_connection',
    `The flow ${mapping.flow} names the connection ${name}, and there is none. ${hint}`,
  );
}

const isProblem = (found: Offer | Problem): found is Problem => 'code' in found;

/** A problem at its place in the mapping file. */
function at(
  mapping: Mapping,
  path: readonly string[],
  code: Parameters<typeof problem>[0],
  message: string,
  remedy?: string,
): Problem {
  const start = { at: { file: mapping.file, line: 1, column: 1 } };
  const place = declaredOf(mapping)?.place(path, 'value') ?? start;
  return problem(code, message, { ...place, ...(remedy !== undefined && { remedy }) });
}

function checkSource(mapping: Mapping, offers: readonly Offer[]): Problem[] {
  const offer = find(mapping, mapping.read.from, ['read', 'from'], offers);
  if (isProblem(offer)) return [offer];
  const { source } = offer.capabilities;
  if (source === null)
    return [
      at(
        mapping,
        ['read', 'from'],
        'lacks_capability',
        `The flow ${mapping.flow} reads from ${offer.name}, but ${offer.title} cannot be read from.`,
      ),
    ];
  const entity = source.entities[mapping.read.entity] ?? source.otherEntities;
  if (entity === null) {
    const known = Object.keys(source.entities);
    return [
      at(
        mapping,
        ['read', 'entity'],
        'unknown_entity',
        `The flow ${mapping.flow} reads ${mapping.read.entity}, which ${offer.title} does not offer. Did you mean ${closest(mapping.read.entity, known)}? It offers ${known.join(', ')}.`,
      ),
    ];
  }
  return mapping.read.with
    .filter((related) => !entity.with.includes(related))
    .map((related) =>
      at(
        mapping,
        ['read', 'with'],
        'unknown_entity',
        `The flow ${mapping.flow} reads ${mapping.read.entity} with ${related}, which is not to be had. It can be read with ${entity.with.join(', ') || 'nothing else'}.`,
        'Correct the name under `with`, or leave it out.',
      ),
    );
}

/** A source that says nothing of deletes is asked for all of its ids, or `when_deleted` would never come to anything. */
function checkDeletes(mapping: Mapping, offers: readonly Offer[]): Problem[] {
  const offer = offers.find(({ name }) => name === mapping.read.from);
  const deletes = offer?.capabilities.source?.deletes ?? 'tombstone';
  const scanned = declaredOf(mapping)?.all.some(({ full_scan: every }) => every !== undefined) ?? false;
  if (deletes === 'tombstone' || mapping.whenDeleted === 'keep' || scanned) return [];
  return [
    at(
      mapping,
      ['when_deleted'],
      'lacks_capability',
      `The flow ${mapping.flow} says when_deleted: ${mapping.whenDeleted}, but ${offer?.title ?? mapping.read.from} does not tell what was deleted.`,
      'Add `full_scan: 1d`: then all ids are listed every day, and what is gone is found.',
    ),
  ];
}

function checkSink(mapping: Mapping, offers: readonly Offer[]): Problem[] {
  const offer = find(mapping, mapping.write.to, ['write', 'to'], offers);
  if (isProblem(offer)) return [offer];
  const { sink } = offer.capabilities;
  if (sink === null || !sink.creates) {
    return [
      at(
        mapping,
        ['write', 'to'],
        'lacks_capability',
        `The flow ${mapping.flow} writes to ${offer.name}, but ${offer.title} cannot create records.`,
      ),
    ];
  }
  const policies: readonly (readonly [string, LeavePolicy])[] = [
    ['when_it_leaves', mapping.whenItLeaves],
    ['when_deleted', mapping.whenDeleted],
  ];
  return policies.flatMap(([key, policy]) =>
    policy === 'keep' || sink.removals.includes(policy satisfies Removal)
      ? []
      : [
          at(
            mapping,
            [key],
            'lacks_capability',
            `The flow ${mapping.flow} says ${key}: ${policy}, but ${offer.title} cannot do that.`,
          ),
        ],
  );
}

function checkWriteBack(mapping: Mapping, to: string, offers: readonly Offer[]): Problem[] {
  const offer = find(mapping, to, ['write_back'], offers);
  if (isProblem(offer)) return [offer];
  if (to !== mapping.read.from) {
    return [
      at(
        mapping,
        ['write_back'],
        'lacks_capability',
        `The flow ${mapping.flow} writes back to ${to}, but it reads from ${mapping.read.from}: a result is written back to the record that it came from.`,
      ),
    ];
  }
  if (offer.capabilities.sink !== null) return [];
  return [
    at(
      mapping,
      ['write_back'],
      'lacks_capability',
      `The flow ${mapping.flow} writes back to ${to}, but ${offer.title} cannot be written to.`,
    ),
  ];
}
