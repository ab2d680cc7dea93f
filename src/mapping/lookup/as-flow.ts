import type { Declaration } from '../declaration.ts';
import { type SourceRead, sourceReads } from '../check/source-reads.ts';
import type { LookupDeclaration } from './lookup-declaration.ts';

/**
 * A lookup as the mapping that it is: the answers are its record, each under the name of its question, and the reply is
 * what it writes. So what holds of the rules of mappings holds of those of lookups, and is written once.
 */
export function asFlow(declared: LookupDeclaration): Declaration {
  const { lookup, ask, fields, lines = {}, value_maps } = declared;
  return {
    flow: lookup,
    read: { from: '', entity: lookup, with: Object.keys(ask) },
    write: { to: '', entity: lookup },
    fields,
    lines: Object.fromEntries(
      Object.entries(lines).map(([name, each]) => [
        name,
        { for_each: each.for_each, key: each.group_by ?? 'id', fields: each.fields },
      ]),
    ),
    ...(value_maps && { value_maps }),
  };
}

/** All records of a group, as rules of grouped lines read them. */
export const rowsOfGroup = 'rows';

/** A field of an answer that a rule reads; null for the answer as a whole. */
export type AnswerRead = {
  readonly question: string;
  readonly field: string | null;
  /** Whether something within the field is read: the `code` of a country. */
  readonly deeper: boolean;
  /** Where the reply has what comes of it: the name of a field or of a list. */
  readonly into: string;
  readonly read: SourceRead;
};

/** Every field of every answer that the rules of a lookup read. */
export function answerReads(declared: LookupDeclaration): AnswerRead[] {
  return sourceReads(asFlow(declared)).map((read) => {
    const list = read.lines ?? [];
    const grouped = read.lines !== null && groupedAt(declared, read);
    const steps = grouped && read.steps[0] === rowsOfGroup ? read.steps.slice(1) : read.steps;
    const [question = '', field = null, ...rest] = [...list, ...steps];
    return { question, field, deeper: rest.length > 0, into: String(read.at[1] ?? ''), read };
  });
}

const groupedAt = ({ lines = {} }: LookupDeclaration, { at }: SourceRead): boolean =>
  at[0] === 'lines' && lines[String(at[1])]?.group_by !== undefined;
