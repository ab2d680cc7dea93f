import type { Value } from '../../connector/value.ts';
import {
  type Constant,
  constantInWords,
  constantsOf,
  fixedValues,
  lengthOf,
  takesOnlyFixed,
  type ValueMaps,
} from './constants.ts';
import { type Conversion, convert } from '../convert/convert.ts';
import type { DeclaredRule } from './declared-rules.ts';
import { didYouMean } from '../../errors/suggestion.ts';
import { isRefusal, shown } from '../refusal.ts';
import type { Report } from '../report.ts';

type Located = Pick<DeclaredRule, 'rule' | 'at' | 'field'>;

/** Reports the fixed values of a rule that can never be translated or converted, or that are longer than `max`. */
export function checkConstants(
  located: Located,
  conversion: Conversion | null,
  { valueMaps, report }: { readonly valueMaps: ValueMaps; readonly report: Report },
): void {
  checkTranslated(located, valueMaps, report);
  for (const constant of constantsOf(located, valueMaps)) {
    const written = conversion === null ? constant.text : convert(constant.text, conversion);
    const subject = constantInWords(constant, located.field);
    if (isRefusal(written)) report('mapping_bad_constant', `${subject} ${written.message}`, constant.at);
    else checkLength(written, subject, constant, located, report);
  }
}

function checkLength(
  written: Value,
  subject: string,
  { at }: Constant,
  { rule: { max, too_long: tooLong } }: Located,
  report: Report,
): void {
  if (max === undefined || tooLong === 'cut' || typeof written !== 'string' || lengthOf(written) <= max)
    return;
  report(
    'mapping_too_long',
    `${subject} has ${lengthOf(written)} characters, and \`max\` is ${max}; shorten it`,
    at,
  );
}

/** A fixed value that goes through a value map which does not have it would be refused for every record. */
function checkTranslated(located: Located, valueMaps: ValueMaps, report: Report): void {
  const { map: name } = located.rule;
  const map = name === undefined ? null : (valueMaps.get(name) ?? null);
  if (map?.unknown !== 'reject' || !takesOnlyFixed(located)) return;
  for (const { text, at } of fixedValues(located)) {
    if (!map.entries.has(text))
      report(
        'mapping_bad_constant',
        `the value map \`${name}\` has no row for ${shown(text)}${didYouMean(text, [...map.entries.keys()])}`,
        at,
      );
  }
}
