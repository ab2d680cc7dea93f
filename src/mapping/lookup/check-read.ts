import { didYouMean } from '../../errors/suggestion.ts';
import type { Report } from '../report.ts';
import { answerReads } from './as-flow.ts';
import type { LookupDeclaration } from './lookup-declaration.ts';
import { fieldsRead } from './questions.ts';

/**
 * Reports what a lookup asks in vain: a rule is missing, or a name has a slip in it. Only of a file in which nothing else
 * is wrong, because every rule that cannot be understood leaves something unread.
 */
export function checkAllRead(declared: LookupDeclaration, report: Report): void {
  const { ask } = declared;
  const reads = answerReads(declared);
  if (Object.keys(ask).length === 0) report('mapping_missing_key', '`ask` has no questions', ['ask'], 'key');
  const asCondition = new Set(
    Object.values(ask).flatMap(({ where = {} }) =>
      Object.values(where).flatMap((one) => (typeof one === 'object' && 'record' in one ? one.record : [])),
    ),
  );
  for (const [name, { optional = [] }] of Object.entries(ask)) {
    if (!asCondition.has(name) && !reads.some(({ question }) => question === name))
      report('mapping_unreachable', `nothing reads the answer of \`${name}\``, ['ask', name], 'key');
    const fields = fieldsRead(name, reads);
    for (const [index, field] of optional.entries()) {
      if (fields.includes(field)) continue;
      const hint = didYouMean(field, fields);
      report('mapping_unreachable', `nothing reads the optional field \`${field}\`${hint}`, [
        'ask',
        name,
        'optional',
        index,
      ]);
    }
  }
}
