import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const folder = new URL('../../src/mapping/', import.meta.url);
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.ts'),
);

describe('the mapping layer', () => {
  it('has no clock, no randomness, no disk, no network and no environment', () => {
    const impure =
      /Date\.now|new Date\(\)|DateTime\.(now|local|utc)\(\)|Math\.random|randomUUID|process\.|setTimeout|\bfetch\(|node:(fs|net|http|https|dns|os|child_process|timers|process)/;
    const found = files.filter((name) => impure.test(readFileSync(new URL(name, folder), 'utf8')));
    expect(found).toEqual([]);
  });

  it('speaks CEL in one place, so that the library can be replaced', () => {
    const speakers = files.filter((name) =>
      readFileSync(new URL(name, folder), 'utf8').includes("from '@marcbachmann/cel-js'"),
    );
    expect(speakers.every((name) => name.startsWith('expression/'))).toBe(true);
  });
});
