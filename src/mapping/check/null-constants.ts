import type { Declaration } from '../declaration.ts';
import type { Report } from '../report.ts';
import type { YamlPath } from '../yaml.ts';
import { declaredRules, declaredSources } from './declared-rules.ts';

/**
 * Reports fixed values that are `null` or `~` without quotes. Everything is read as text here, so they would write
 * these words, and that is not what anybody means.
 */
export function checkNullConstants(
  declared: Declaration,
  isPlain: (path: YamlPath) => boolean,
  report: Report,
): void {
  for (const { path, text } of constantsOf(declared)) {
    if (/^(?:null|~)$/i.test(text) && isPlain(path))
      report(
        'mapping_bad_constant',
        `\`${text}\` would be written as this word; leave it out, write \`when_empty: clear\` to empty the field, or put the word in quotes`,
        path,
      );
  }
}

type Constant = { readonly path: YamlPath; readonly text: string };

function constantsOf(declared: Declaration): Constant[] {
  const ofRules = declaredRules(declared).flatMap((rule) => [
    ...constant([...rule.at, 'default'], rule.rule.default),
    ...declaredSources(rule).flatMap(({ source, at }) => constant([...at, 'value'], source.value)),
  ]);
  const ofMaps = Object.entries(declared.value_maps ?? {}).flatMap(([name, map]) => {
    const { file: _file, unknown: _unknown, values, ...pairs } = map;
    const path = ['value_maps', name, ...(values === undefined ? [] : ['values'])];
    return Object.entries(values ?? pairs).flatMap(([from, to]) => constant([...path, from], to));
  });
  return [...ofRules, ...ofMaps];
}

const constant = (path: YamlPath, text: unknown): Constant[] =>
  typeof text === 'string' ? [{ path, text }] : [];
