import type { ErrorEntry } from './entry.ts';

/** What can be wrong with a lookup file, beside what can be wrong with a mapping file as well. */
export const lookupFileCodes = {
  lookup_duplicate_name: {
    title: 'Two lookups have the same name.',
    remedy: 'Rename one of them.',
    exit: 1,
  },
  lookup_find_count: {
    title: 'A question of a lookup does not say what it finds, or says it twice.',
    remedy: 'Give every question exactly one of `by_link`, `by_id`, `by_field` and `where`.',
    exit: 1,
  },
  lookup_unknown_question: {
    title: 'A lookup reads the answer of a question that it does not ask.',
    remedy: 'Correct the name, or add the question under `ask`; paths begin with the name of a question.',
    exit: 1,
  },
  lookup_unknown_flow: {
    title: 'A lookup names a flow that no mapping has.',
    remedy: 'Correct the name after `by_link`, or add the mapping of that flow.',
    exit: 1,
  },
  lookup_wrong_link: {
    title: 'The links of a flow lead to other records than those a lookup asks for.',
    remedy: 'Name the flow that writes this entity of this connection, or correct `from` and `entity`.',
    exit: 1,
  },
  lookup_unknown_field: {
    title: 'A lookup searches by a field that the system does not have.',
    remedy: 'Correct the name of the field; if it is new in the system, run `causeway check --online`.',
    exit: 1,
  },
} as const satisfies Record<string, ErrorEntry>;
