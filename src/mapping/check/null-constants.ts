import type { Declaration } from '../declaration.ts';
import type { Report } from '../report.ts';
import type { YamlPath } from '../yaml.ts';
import { fixedValues } from './constants.ts';
import { declaredRules } from './declared-rules.ts';

/**
 * Reports fixed values that are `null` or `~` without quotes. Everything is read as text here, so they would write
 * these words, and that is not what anybody means.
 */
export function checkNullConstants(
  declared: Declaration,
  isPlain: (path: YamlPath) => boolean,
  report: Report,
): void {
  for (const { path, text } of writtenIn(declared)) {
    if (/^(?:null|~)$/i.test(text) && isPlain(path))
      report(
        'mapping_bad_constant',
        `\`${text}\` would be written as this word; leave it out, write \`when_empty: clear\` to empty the field, or put the word in quotes`,
        path,
      );
  }
}

type Written = { readonly path: YamlPath; readonly text: string };

/** Every fixed value that the file itself holds, wherever it stands. */
function writtenIn(declared: Declaration): Written[] {
  const ofRules = declaredRules(declared).flatMap((rule) => [
    ...constant([...rule.at, 'default'], rule.rule.default),
    ...fixedValues(rule).map(({ text, at }) => ({ path: at, text })),
  ]);
  const ofMaps = Object.entries(declared.value_maps ?? {}).flatMap(([name, map]) => {
    const { file: _file, unknown: _unknown, values, ...pairs } = map;
    const path = ['value_maps', name, ...(values === undefined ? [] : ['values'])];
    return Object.entries(values ?? pairs).flatMap(([from, to]) => constant([...path, from], to));
  });
  return [...ofRules, ...ofMaps];
}

const constant = (path: YamlPath, text: unknown): Written[] =>
  typeof text === 'string' ? [{ path, text }] : [];
