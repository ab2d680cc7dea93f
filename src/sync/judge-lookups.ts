import { problem } from '../errors/catalogue.ts';
import type { Problem } from '../errors/error.ts';
import type { CompiledLookup } from '../mapping/lookup/compile-lookup.ts';
import { checkLookupAgainst, placeOfEntity } from '../mapping/lookup/read-lookups.ts';
import { type MissingEntity, type Said, sameSide } from './descriptions.ts';

/**
 * Holds lookups against what the systems said of their entities, as {@link judgeByDescriptions} does with mappings. A
 * list that may be absent asks nothing of a system that does not have its entity.
 */
export function judgeLookups(
  lookups: readonly CompiledLookup[],
  { described, missing }: Said,
): {
  readonly good: readonly CompiledLookup[];
  readonly doubted: readonly CompiledLookup[];
  readonly problems: readonly Problem[];
} {
  const judged = lookups.map((lookup) => ({
    lookup,
    problems: [
      ...missingOf(lookup, missing),
      ...checkLookupAgainst(
        lookup,
        ({ connection, side, entity }) => described[connection]?.[side][entity] ?? null,
      ),
    ],
  }));
  const [good, doubted] = [true, false].map((sound) =>
    judged.flatMap(({ lookup, problems }) => ((problems.length === 0) === sound ? lookup : [])),
  );
  return { good: good ?? [], doubted: doubted ?? [], problems: judged.flatMap(({ problems }) => problems) };
}

function missingOf(lookup: CompiledLookup, missing: readonly MissingEntity[]): Problem[] {
  return lookup.questions.flatMap((question) => {
    if (question.kind === 'list' && question.mayBeAbsent) return [];
    const { connection, side, entity } = question;
    const gone = missing.find((one) => sameSide(one, { name: connection, side, entity }));
    if (gone === undefined) return [];
    return problem(
      'entity_not_described',
      `${gone.message.replace(/\.$/, '')}.`,
      placeOfEntity(lookup, question.name),
    );
  });
}
