import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readMappings } from '../../src/mapping/read.ts';
import { accounts } from './a-mapping.ts';

const folder = new URL('broken/', import.meta.url);

/** Each file begins with what is to be said of it: `# expect: line:column code message`. */
describe('a broken mapping', () => {
  it.each(readdirSync(folder).sort())('%s is refused in plain words, at its place', (name) => {
    const text = readFileSync(new URL(name, folder), 'utf8');
    const expected = [...text.matchAll(/^# expect: (.*)$/gm)].map(([, line]) => line);
    const { mappings, problems } = readMappings([accounts, { path: name, text }], []);
    expect(problems.map(({ at, code, message }) => `${at?.line}:${at?.column} ${code} ${message}`)).toEqual(
      expected,
    );
    expect(mappings.map(({ flow }) => flow)).toEqual(['accounts']);
    for (const { at, frame, remedy } of problems) {
      expect(at?.file).toBe(name);
      expect(frame).toMatch(new RegExp(`> +${String(at?.line)} [|]`));
      expect(remedy).not.toBe('');
    }
  });
});
