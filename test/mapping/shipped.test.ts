import { describe, expect, it } from 'vitest';
import { runCases } from '../../src/mapping/cases.ts';
import { files, mappings, problems, tests } from './shipped-mappings.ts';

describe('the shipped mappings', () => {
  it('have no problem', () => {
    expect(problems).toEqual([]);
    expect(mappings.map(({ flow }) => flow)).toEqual(['accounts', 'contacts', 'orders', 'products']);
  });

  it('each have a file of cases', () => {
    expect(tests.map(({ path }) => path)).toEqual(
      files.map(({ path }) => path.replace('.yaml', '.test.yaml')),
    );
  });

  it('are carried after the flows that they wait for', () => {
    expect(mappings.map(({ flow, refersTo }) => [flow, refersTo])).toEqual([
      ['accounts', []],
      ['contacts', ['accounts']],
      ['orders', ['accounts', 'products']],
      ['products', []],
    ]);
  });
});

describe.each(tests)('$path', ({ path, text }) => {
  const mapping = mappings.find(({ file }) => file === path.replace('.test.yaml', '.yaml'));
  const ran = mapping && runCases(mapping, text, path);

  it('is written well', () => {
    expect(ran?.problems).toEqual([]);
  });

  it.each(ran?.results ?? [])('$name', ({ differences }) => {
    expect(differences).toEqual([]);
  });
});
