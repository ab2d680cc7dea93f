import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { payloadChanges } from '../../src/sync/payload-diff.ts';

const rows = (removed: 'keep' | 'delete', ...given: [string, Record<string, string>][]) => ({
  order_line: { removed, rows: given.map(([key, fields]) => ({ key, fields })) },
});

describe('the difference of two payloads', () => {
  it('tells null, an empty text and a field that is not written apart', () => {
    const old = { fields: { a: null, b: '', c: 'x' }, lines: {} };
    const now = { fields: { a: '', b: null, d: 'x' }, lines: {} };
    expect(payloadChanges(old, now)).toEqual([
      { field: 'a', group: 'a', old: null, new: '' },
      { field: 'b', group: 'b', old: '', new: null },
      { field: 'd', group: 'd', new: 'x' },
      { field: 'c', group: 'c', old: 'x' },
    ]);
  });

  it('compares lines by their keys, whatever their order, and tells what becomes of those that are gone', () => {
    const old = { fields: {}, lines: rows('keep', ['1', { qty: '1' }], ['2', { qty: '2' }]) };
    const now = { fields: {}, lines: rows('delete', ['2', { qty: '3' }], ['3', { qty: '4' }]) };
    expect(payloadChanges(old, now)).toEqual([
      {
        field: 'order_line.removed_lines',
        group: 'order_line.removed_lines',
        old: 'keep',
        new: 'delete',
      },
      { field: 'order_line[2].qty', group: 'order_line.qty', old: '2', new: '3' },
      { field: 'order_line[3].qty', group: 'order_line.qty', new: '4' },
      { field: 'order_line[1].qty', group: 'order_line.qty', old: '1' },
    ]);
  });

  it('is empty exactly when the two are equal', () => {
    const fields = fc.dictionary(
      fc.constantFrom('a', 'b', '__proto__', 'constructor'),
      fc.constantFrom('', 'x', null),
      {
        maxKeys: 3,
      },
    );
    fc.assert(
      fc.property(fields, fields, (left, right) => {
        const changes = payloadChanges({ fields: left, lines: {} }, { fields: right, lines: {} });
        const same = Object.keys({ ...left, ...right }).every(
          (name) =>
            Object.hasOwn(left, name) === Object.hasOwn(right, name) &&
            (left as Record<string, unknown>)[name] === (right as Record<string, unknown>)[name],
        );
        expect(changes.length === 0).toBe(same);
      }),
    );
  });
});
