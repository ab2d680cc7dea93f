import type { EntityDescription } from '../../connector/contract.ts';
import { didYouMean } from '../../errors/suggestion.ts';
import type { ValueMaps } from './constants.ts';
import type { Declaration } from '../declaration.ts';
import { declaredPaths, type DeclaredRule, declaredRules } from './declared-rules.ts';
import { describedAt, offered } from './described-field.ts';
import type { Report } from '../report.ts';
import { fieldNamed } from './source-reads.ts';
import type { ValueMap } from '../value-map.ts';

/** Reports rows of value maps for values that the pick lists of the source, which they translate, do not offer. */
export function checkRows(
  flows: readonly Declaration[],
  source: EntityDescription,
  valueMaps: ValueMaps,
  report: Report,
): void {
  const rules = flows.flatMap(declaredRules);
  for (const [name, map] of valueMaps) {
    const lists = rules.filter(({ rule }) => rule.map === name).map((rule) => pickLists(rule, source));
    const known = lists.filter((list) => list !== null);
    if (map === null || known.length === 0 || known.length < lists.length) continue;
    checkMap(name, map, known, report);
  }
}

type PickLists = { readonly fields: readonly string[]; readonly options: readonly string[] };

/** The pick lists that a rule reads, and nothing else; null when it reads something else, too. */
function pickLists({ rule, at, lines }: DeclaredRule, source: EntityDescription): PickLists | null {
  const paths = declaredPaths({ source: rule, at }).map(({ text }) => text);
  const fields = paths.map((text) => {
    const named = fieldNamed(text, lines?.list ?? null);
    return named && describedAt(source, named);
  });
  const options = fields.map((field) => (field?.type === 'enum' ? (field.options ?? []) : []));
  if (paths.length === 0 || rule.reference !== undefined || options.some((list) => list.length === 0))
    return null;
  return { fields: paths, options: options.flat() };
}

function checkMap(name: string, map: ValueMap, lists: readonly PickLists[], report: Report): void {
  const options = [...new Set(lists.flatMap((list) => list.options))];
  const fields = [...new Set(lists.flatMap((list) => list.fields))]
    .map((field) => `\`${field}\``)
    .join(' or ');
  const free = options.filter((option) => !map.entries.has(option));
  for (const from of map.entries.keys()) {
    if (options.includes(from)) continue;
    const never = `the row \`${from}\` is never used: the source does not offer it for ${fields}`;
    if (map.rowsAt !== null)
      report('mapping_value_not_offered', `${never}${offered(from, options)}`, [...map.rowsAt, from], 'key');
    // A file may be a whole table of codes; only what looks like a slip is told.
    else if (didYouMean(from, free) !== '')
      report('mapping_value_not_offered', `in ${map.file?.path}, ${never}${didYouMean(from, free)}`, [
        'value_maps',
        name,
        'file',
      ]);
  }
}
