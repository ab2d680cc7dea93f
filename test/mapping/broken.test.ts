import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { catalogue } from '../../src/errors/catalogue.ts';
import type { Problem } from '../../src/errors/error.ts';
import { checkAgainst } from '../../src/mapping/check/against.ts';
import { readMappings } from '../../src/mapping/read.ts';
import { deals, order } from './a-description.ts';
import { accounts } from './a-mapping.ts';

const folder = new URL('broken/', import.meta.url);
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.yaml'))
  .sort();

const textOf = (name: string): string => readFileSync(new URL(name, folder), 'utf8');
const said = (text: string, word: string): string[] =>
  [...text.matchAll(new RegExp(`^# ${word}: (.*)$`, 'gm'))].map(([, rest = '']) => rest);

/** The value files that stand beside the mappings. */
const valueFiles = [
  { path: 'values/payment-terms.csv', text: 'from,to\n30,NET30\n60,60\n' },
  { path: 'values/percent-of-stage.csv', text: 'from,to\nwon,100\nlosst,0\nnever,5\n' },
];

/**
 * What is wrong with a file, read beside `accounts` or the files that it names itself; with `# described: yes` also
 * against what the CRM and the ERP say of deals and orders.
 */
function problemsOf(name: string): { problems: readonly Problem[]; carried: string[] } {
  const text = textOf(name);
  const named = said(text, 'beside').map((path) => ({ path, text: textOf(`beside/${path}`) }));
  const beside = named.length === 0 ? [accounts] : named;
  const { mappings, problems } = readMappings([...beside, { path: name, text }], valueFiles);
  const own = mappings.filter(({ file }) => file === name);
  if (said(text, 'described').length === 0)
    return { problems: problems.filter(({ at }) => at?.file === name), carried: own.map(({ flow }) => flow) };
  expect(problems).toEqual([]);
  const sink = (entity: string) => (entity === order.entity ? order : null);
  return {
    problems: own.flatMap((mapping) =>
      checkAgainst(mapping, { source: deals, sink: sink(mapping.write.entity) }, mappings),
    ),
    carried: [],
  };
}

/** Each file begins with what is to be said of it: `# expect: line:column code message`. */
describe('a broken mapping', () => {
  it.each(names)('%s is refused in plain words, at its place', (name) => {
    const { problems, carried } = problemsOf(name);
    expect(problems.map(({ at, code, message }) => `${at?.line}:${at?.column} ${code} ${message}`)).toEqual(
      said(textOf(name), 'expect'),
    );
    expect(problems).not.toEqual([]);
    expect(carried).toEqual([]);
    for (const { code, message, remedy, at, frame } of problems) {
      expect(Object.keys(catalogue)).toContain(code);
      expect(remedy).not.toBe('');
      expect(frame).toMatch(new RegExp(`> +${String(at?.line)} [|].*\n +[|] +\\^`));
      // Words of the libraries, which say nothing to the people who write mappings.
      expect(message).not.toMatch(
        /invalid|unrecognized|expected|received|undefined|\[object|NaN|ZodError|overload|unexpected|schema/i,
      );
    }
  });

  it('leaves the mappings beside it alone', () => {
    const { mappings } = readMappings(
      [accounts, { path: 'misspelt-source.yaml', text: textOf('misspelt-source.yaml') }],
      [],
    );
    expect(mappings.map(({ flow }) => flow)).toEqual(['accounts']);
  });
});
