import { describe, expect, it } from 'vitest';
import { runCases } from '../../src/mapping/case/cases.ts';
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
  const own = mappings.filter(({ file }) => file === path.replace('.test.yaml', '.yaml'));
  const ran = runCases(own, { path, text });

  it('is written well', () => {
    expect(ran.problems).toEqual([]);
  });

  it.each(ran.results)('$name', ({ diff }) => {
    expect(diff).toEqual([]);
  });

  it('leaves no field, no row of a value map and no branch untouched', () => {
    const none = own.map(({ flow }) => ({ flow, fields: [], rows: [], branches: [] }));
    expect(ran.untouched).toEqual(none);
  });
});
