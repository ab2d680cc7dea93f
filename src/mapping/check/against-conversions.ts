import type { EntityDescription, FieldDescription } from '../../connector/contract.ts';
import { type Conversion, convert } from '../convert/convert.ts';
import type { Declaration } from '../declaration.ts';
import { declaredPaths, declaredRules, declaredSources } from './declared-rules.ts';
import { describedAt } from './described-field.ts';
import { isRefusal } from '../refusal.ts';
import type { Report } from '../report.ts';
import { conversionOf } from './rule-check.ts';
import { fieldNamed } from './source-reads.ts';
import { canBecome, kindInWords } from './type-fit.ts';

/** Reports every `as` that can never work out for the source field that its rule reads. */
export function checkConversions(declared: Declaration, source: EntityDescription, report: Report): void {
  for (const located of declaredRules(declared)) {
    const { rule, at, lines } = located;
    const conversion = conversionOf(rule);
    // What a value map or a reference gives is no longer what the source holds.
    if (conversion === null || rule.map !== undefined || rule.reference !== undefined) continue;
    for (const { text } of declaredSources(located).flatMap(declaredPaths)) {
      const named = fieldNamed(text, lines?.list ?? null);
      const field = named && describedAt(source, named);
      const mistake = field ? mistakeOf(text, field, conversion) : null;
      if (mistake !== null) report('mapping_type_mismatch', mistake, [...at, 'as']);
    }
  }
}

function mistakeOf(name: string, field: FieldDescription, conversion: Conversion): string | null {
  const { as, timezone } = conversion;
  const wanted = kindInWords(as);
  if (field.type === 'date' && as === 'datetime' && timezone === null)
    return `\`${name}\` is a date without a time; give the rule a \`timezone\` in which that day begins`;
  if (!canBecome(field.type, as))
    return `\`${name}\` is ${kindInWords(field.type)} and can never become ${wanted}; correct \`as\`, or translate the value with a \`map\``;
  const { options = [] } = field;
  if (field.type !== 'enum' || options.length === 0) return null;
  return options.every((option) => isRefusal(convert(option, conversion)))
    ? `no value of the pick list \`${name}\` can become ${wanted}; translate them with a \`map\``
    : null;
}
