import { readDescribed } from '../mapping/described.ts';
import { readLookups } from '../mapping/lookup/read-lookups.ts';
import { readMappings } from '../mapping/read.ts';
import { type Offer, refuseFlows } from './check-flows.ts';
import {
  describedNow,
  joinProblems,
  judgeByDescriptions,
  mergeDescribed,
  type Systems,
} from './descriptions.ts';
import { judgeLookups } from './judge-lookups.ts';
import type { ReadMappings } from './mapping-folder.ts';

/**
 * Reads the files of a mapping folder, takes out what its connections cannot do, and holds the rest against what is
 * described.
 */
export function folderReader(offers: readonly Offer[], systems: Systems): ReadMappings {
  return (texts, learnt) => {
    const read = readMappings(texts.mappings, texts.valueFiles);
    const flows = refuseFlows(read, offers);
    const file = readDescribed(texts.described);
    const described = describedNow(mergeDescribed(file.described, learnt.described), systems);
    const said = { described, missing: learnt.missing };
    const { good, doubted, problems } = judgeByDescriptions(flows.mappings, said, flows.mappings);
    const more = judgeByDescriptions(read.unsound, said, flows.mappings);
    const known = [...read.mappings, ...read.unsound.filter(({ flow }) => flow !== '')];
    const lookups = readLookups(texts.lookups, { valueFiles: texts.valueFiles, flows: known, offers });
    const judged = judgeLookups(lookups.lookups, said);
    return {
      mappings: good,
      doubted,
      lookups: judged.good,
      doubtedLookups: judged.doubted,
      described,
      problems: [
        ...joinProblems([...file.problems, ...flows.problems, ...problems], more.problems),
        ...joinProblems(lookups.problems, judged.problems),
      ],
    };
  };
}
