import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { catalogue } from '../../../src/errors/catalogue.ts';
import type { Problem } from '../../../src/errors/error.ts';
import { checkLookupAgainst, readLookups } from '../../../src/mapping/lookup/read-lookups.ts';
import { beside, entities } from './a-lookup.ts';

const folder = new URL('broken/', import.meta.url);
const names = readdirSync(folder).sort();
const textOf = (name: string): string => readFileSync(new URL(name, folder), 'utf8');
const said = (text: string, word: string): string[] =>
  [...text.matchAll(new RegExp(`^# ${word}: (.*)$`, 'gm'))].map(([, rest = '']) => rest);

/** What is wrong with a file; with `# described: yes` also against what the ERP says of its entities. */
function problemsOf(name: string): { problems: readonly Problem[]; usable: number } {
  const text = textOf(name);
  const { lookups, problems } = readLookups([{ path: name, text }], beside);
  if (said(text, 'described').length === 0) return { problems, usable: lookups.length };
  expect(problems).toEqual([]);
  const against = lookups.flatMap((lookup) =>
    checkLookupAgainst(lookup, ({ entity }) => entities[entity] ?? null),
  );
  return { problems: against, usable: 0 };
}

/** Each file begins with what is to be said of it: `# expect: line:column code message`. */
describe('a broken lookup', () => {
  it.each(names)('%s is refused in plain words, at its place', (name) => {
    const { problems, usable } = problemsOf(name);
    expect(problems.map(({ at, code, message }) => `${at?.line}:${at?.column} ${code} ${message}`)).toEqual(
      said(textOf(name), 'expect'),
    );
    expect(problems).not.toEqual([]);
    expect(usable).toBe(0);
    for (const { code, message, remedy, at, frame } of problems) {
      expect(Object.keys(catalogue)).toContain(code);
      expect(remedy).not.toBe('');
      expect(frame).toMatch(new RegExp(`> +${String(at?.line)} [|].*\n +[|] +\\^`));
      expect(message).not.toMatch(
        /invalid|unrecognized|expected|received|undefined|\[object|NaN|ZodError|overload|unexpected|schema/i,
      );
    }
  });
});

describe('two lookups of one name', () => {
  it('are both refused, and each names the other file', () => {
    const text =
      'lookup: customer\nask:\n  customer: { from: erp, entity: res.partner, by_id: true }\nfields: { name: { from: customer.name } }\n';
    const files = ['a.yaml', 'b.yaml'].map((path) => ({ path, text }));
    const other = { path: 'c.yaml', text: text.replace('customer', 'other') };
    const { lookups, problems } = readLookups([...files, other], beside);
    expect(problems.map(({ at, code, message }) => [at?.file, code, message])).toEqual([
      ['a.yaml', 'lookup_duplicate_name', '`b.yaml` has a lookup `customer` as well'],
      ['b.yaml', 'lookup_duplicate_name', '`a.yaml` has a lookup `customer` as well'],
    ]);
    expect(lookups.map(({ file }) => file)).toEqual(['c.yaml']);
  });
});
