import type { EntityDescription } from '../../connector/contract.ts';
import type { Declaration } from '../declaration.ts';
import { type DeclaredRule, declaredSources } from './declared-rules.ts';
import { describedAt } from './described-field.ts';
import { asNumbers, type BetweenFields } from '../expression/between-fields.ts';
import { compileExpression } from '../expression/expression.ts';
import type { Report } from '../report.ts';
import type { Standpoint } from '../source.ts';
import { expressionsIn, type SourceField } from './source-reads.ts';
import { kindInWords } from './type-fit.ts';

/** Reports a `+` of plain fields whose result is to be a number: fields come as texts, and `+` joins these. */
export function checkSums(
  located: Pick<DeclaredRule, 'rule' | 'at'>,
  { standpoint, report }: { readonly standpoint: Standpoint; readonly report: Report },
): void {
  const { as, map } = located.rule;
  // Two texts may be joined to look up a number.
  if ((as !== 'decimal' && as !== 'integer') || map !== undefined) return;
  for (const { source, at } of declaredSources(located)) {
    const expression = source.expr === undefined ? null : compileExpression(source.expr, standpoint);
    if (expression === null || 'mistakes' in expression) continue;
    for (const each of expression.betweenFields) {
      if (each.operator !== '+' || !each.result) continue;
      const message = `the expression joins texts with \`+\`, so that 19 and 5 give 195; write \`${asNumbers(each)}\``;
      report('mapping_bad_expression', message, [...at, 'expr'], 'value', each.at);
    }
  }
}

/** Reports operators that would take described numbers for texts, because nothing makes numbers of the fields. */
export function checkNumberTexts(declared: Declaration, source: EntityDescription, report: Report): void {
  for (const { expression, lines, at } of expressionsIn(declared)) {
    for (const each of expression.betweenFields) {
      const message = numberTextIn(each, source, lines);
      if (message !== null) report('mapping_bad_expression', message, at, 'value', each.at);
    }
  }
}

function numberTextIn(
  each: BetweenFields,
  source: EntityDescription,
  lines: SourceField['lines'],
): string | null {
  const { fields, names, operator } = each;
  const types = fields.map(
    ({ root, steps }) => describedAt(source, { lines: root === 'record' ? null : lines, steps })?.type,
  );
  const index = types.findIndex((type) => type === 'integer' || type === 'decimal');
  const type = types[index];
  if (type === undefined) return null;
  const number = `\`${names[index] ?? ''}\` is ${kindInWords(type)}`;
  if (operator === '+')
    return `${number}, and \`+\` joins texts; write \`${asNumbers(each)}\` to add, or \`${names.join(' + "" + ')}\` to join`;
  return `${number}, and \`${operator}\` between two fields compares texts, where 9 is more than 10; write \`${asNumbers(each)}\``;
}
