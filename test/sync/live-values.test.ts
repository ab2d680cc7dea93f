import { describe, expect, it } from 'vitest';
import type { FieldDescription } from '../../src/connector/contract.ts';
import type { Value } from '../../src/connector/value.ts';
import { liveChanges, liveLineChanges, sameInErp } from '../../src/sync/live-values.ts';

const of = (type: FieldDescription['type']): FieldDescription => ({
  type,
  label: '',
  required: false,
  readOnly: false,
});

describe('what the ERP holds', () => {
  it.each<[FieldDescription['type'], Value, Value]>([
    ['text', 'Berlin', 'Berlin'],
    ['text', 'Fax 1 & 2', '<p>Fax 1 &amp; 2</p>'],
    ['text', 'one\r\ntwo', '<p>one<br>two</p>'],
    ['text', 'a  b ', 'a b'],
    ['text', null, null],
    ['text', '', null],
    ['decimal', '14.00', '14'],
    ['decimal', '-0.50', '-0.5'],
    ['integer', '007', '7'],
    ['boolean', false, false],
    ['datetime', '1996-07-04T00:00:00Z', '1996-07-04T00:00:00.000Z'],
    ['date', '1996-07-04', '1996-07-04'],
    ['country', 'DE', { id: '57', name: 'Germany', code: 'DE' }],
    ['reference', '42', { id: '42', name: 'Alfreds' }],
    ['enum', 'consu', 'consu'],
  ])('is the same as what is mapped, each in its own way of writing: %s %j %j', (type, mapped, held) => {
    expect(sameInErp(mapped, held, of(type))).toBe(true);
  });

  it.each<[FieldDescription['type'], Value, Value]>([
    ['text', 'Berlin', 'Bonn'],
    ['text', 'Berlin', null],
    ['text', null, 'Berlin'],
    ['text', '1 < 2', '1'],
    ['text', '14.00', '14'],
    ['decimal', '14.01', '14'],
    ['boolean', true, false],
    ['boolean', true, 'true'],
    ['datetime', '1996-07-04T00:00:00Z', '1996-07-04T00:00:01Z'],
    ['reference', '42', { id: '43', name: '42' }],
    ['country', 'DE', null],
  ])('differs: %s %j %j', (type, mapped, held) => {
    expect(sameInErp(mapped, held, of(type))).toBe(false);
  });

  it('is shown as a mapping would write it', () => {
    const description = { country: of('country'), parent: of('reference') };
    const live = { country: { id: '57', name: 'Germany', code: 'DE' }, parent: { id: '4', name: 'A' } };
    expect(liveChanges({ country: 'FR', parent: '5', city: 'X' }, live, description)).toEqual([
      { field: 'country', group: 'country', old: 'DE', new: 'FR' },
      { field: 'parent', group: 'parent', old: '4', new: '5' },
      { field: 'city', group: 'city', old: null, new: 'X' },
    ]);
  });

  it('is compared line by line under the keys, and a line that somebody added is left out', () => {
    const row = (key: string, qty: string) => ({ key, fields: { qty } });
    const held = [
      { key: '1', record: { qty: '1' } },
      { key: '2', record: { qty: '5' } },
      { key: '9', record: { qty: '9' } },
      { key: null, record: { qty: '7' } },
    ];
    const rows = [row('1', '1.00'), row('2', '2.00'), row('3', '3.00')];
    const lines = { ...of('lines'), fields: { qty: of('decimal') } };
    const changes = [
      { field: 'order_line[2].qty', group: 'order_line.qty', old: '5', new: '2.00' },
      { field: 'order_line[3].qty', group: 'order_line.qty', new: '3.00' },
    ];
    expect(liveLineChanges('order_line', { removed: 'keep', rows }, held, lines)).toEqual(changes);
    expect(liveLineChanges('order_line', { removed: 'delete', rows }, held, lines)).toEqual([
      ...changes,
      { field: 'order_line[9].qty', group: 'order_line.qty', old: '9' },
    ]);
  });
});
