import type { SourceRecord, Value } from '../../connector/value.ts';
import type { Ending } from '../mapping.ts';
import type { Rule } from '../rule.ts';
import type { Program } from '../run.ts';
import type { Answer, Lookup, ReplyValue } from './lookup.ts';

/** The answers as rules read them: each under the name of its question. */
export function answersAsRecord(answers: { readonly [question: string]: Answer }): SourceRecord {
  return Object.fromEntries(
    Object.entries(answers).map(([name, answer]) => [
      name,
      answer.kind === 'record' ? answer.record : answer.rows,
    ]),
  );
}

/** The reply, whose form never changes: what is empty is null, and so is a list that there is none of. */
export function replyOf(
  { rules, lines }: Program,
  ending: Extract<Ending, { kind: 'record' }>,
): { readonly [name: string]: ReplyValue } {
  return {
    ...filled(rules, ending.fields),
    ...Object.fromEntries(
      lines.map((each) => [
        each.field,
        ending.lines[each.field]?.rows.map(({ fields }) => filled(each.rules, fields)) ?? null,
      ]),
    ),
  };
}

/** What of the reply is made of lists of which there is more than was read. */
export function cutOf(
  reads: readonly Pick<Lookup['reads'][number], 'into' | 'question'>[],
  answers: { readonly [question: string]: Answer },
): string[] {
  const cut = reads.flatMap(({ question, into }) => {
    const answer = answers[question];
    return answer?.kind === 'list' && answer.more ? into : [];
  });
  return [...new Set(cut)];
}

const filled = (
  rules: readonly Rule[],
  fields: { readonly [field: string]: Value },
): { readonly [field: string]: Value } =>
  Object.fromEntries(rules.map(({ field }) => [field, fields[field] ?? null]));
