import { checkConstants } from './constant-check.ts';
import type { Conversion } from '../convert/convert.ts';
import type { RuleDeclaration } from '../declaration.ts';
import { checkSums } from './number-texts.ts';
import { isTimezone } from '../convert/instant.ts';
import { fixedCountry } from '../convert/phone-country.ts';
import { checkReach } from './never-reached.ts';
import type { RuleSurroundings } from '../rule.ts';
import { didYouMean } from '../../errors/suggestion.ts';
import type { YamlPath } from '../yaml.ts';

/** How a rule converts its value; null when it takes the value as it comes. */
export function conversionOf(declared: RuleDeclaration): Conversion | null {
  if (declared.as === undefined) return null;
  return {
    as: declared.as,
    scale: declared.scale ?? null,
    rounding: declared.rounding ?? 'half_even',
    timezone: declared.timezone ?? null,
    country: fixedCountry(declared.country),
  };
}

type Key = keyof RuleDeclaration;

/** Keys that mean something only beside another: the key, what it needs, and whether the need is met. */
const needs: readonly (readonly [Key, string, (declared: RuleDeclaration) => boolean])[] = [
  ['reference', 'a `from` that names the record', ({ from }) => from !== undefined],
  ['if_missing', 'a `reference`', ({ reference }) => reference !== undefined],
  ['scale', '`as: decimal`', ({ as }) => as === 'decimal'],
  ['rounding', 'a `scale` to round to', ({ scale }) => scale !== undefined],
  ['timezone', '`as: date` or `as: datetime`', ({ as }) => as === 'date' || as === 'datetime'],
  ['country', '`as: phone`', ({ as }) => as === 'phone'],
  [
    'max',
    'a text; it means nothing for numbers, dates and the like',
    ({ as }) => as === undefined || as === 'text',
  ],
  ['too_long', 'a `max`', ({ max }) => max !== undefined],
];

/** Reports the keys of a rule that do not go together, and constants that can never be converted. */
export function checkRule(declared: RuleDeclaration, path: YamlPath, around: RuleSurroundings): void {
  const { report, valueMaps } = around;
  for (const [key, need, met] of needs) {
    if (declared[key] !== undefined && !met(declared))
      report('mapping_conflict', `\`${key}\` needs ${need}`, [...path, key], 'key');
  }
  if (declared.required && declared.when_empty === 'clear') {
    report(
      'mapping_conflict',
      '`when_empty: clear` can never happen beside `required: true`',
      [...path, 'when_empty'],
      'key',
    );
  }
  if (declared.timezone !== undefined && !isTimezone(declared.timezone)) {
    report('mapping_bad_timezone', `\`${declared.timezone}\` is not a time zone`, [...path, 'timezone']);
  }
  if (declared.map !== undefined) {
    const map = valueMaps.get(declared.map);
    if (map === undefined) {
      const hint = didYouMean(declared.map, [...valueMaps.keys()]);
      report('mapping_unknown_value_map', `there is no value map \`${declared.map}\`${hint}`, [
        ...path,
        'map',
      ]);
    }
    if (map?.unknown === 'default' && declared.default === undefined) {
      report(
        'mapping_conflict',
        `the value map \`${declared.map}\` takes the \`default\` of the rule, and the rule has none`,
        [...path, 'map'],
      );
    }
  }
  const located = { field: String(path.at(-1)), rule: declared, at: path };
  checkConstants(located, conversionOf(declared), around);
  checkReach(located, around);
  checkSums(located, around);
}
