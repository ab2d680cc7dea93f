import { describe, expect, it } from 'vitest';
import { cellOf } from '../../../connectors/odoo/cell.ts';
import type { CodeTable } from '../../../connectors/odoo/codes.ts';
import type { OdooField } from '../../../connectors/odoo/fields.ts';
import type { Value } from '../../../src/connector/value.ts';

const codes = new Map<string, CodeTable>([
  ['res.country', { byCode: new Map([['DE', { id: 57, active: true }]]), byId: new Map([[57, 'DE']]) }],
  [
    'res.currency',
    {
      byCode: new Map([
        ['EUR', { id: 1, active: true }],
        ['SEK', { id: 18, active: false }],
      ]),
      byId: new Map(),
    },
  ],
]);

function field(type: string, relation?: string): OdooField {
  const plain = { string: 'Label', required: false, readonly: false, store: true, company_dependent: false };
  return { ...plain, type, ...(relation !== undefined && { relation }) };
}

const cell = (of: OdooField, value: Value): unknown => cellOf('f', of, value, codes);
const text = (of: OdooField, value: Value): unknown => {
  const made = cellOf('f', of, value, codes);
  return 'column' in made ? made.text : made.message;
};

describe('a cell of an import', () => {
  it('keeps a decimal as the text it is', () => {
    expect(cell(field('monetary'), '0.10')).toEqual({ column: 'f', text: '0.10' });
    expect(cell(field('float'), '123456789012345678.90')).toEqual({
      column: 'f',
      text: '123456789012345678.90',
    });
  });

  it('is empty for null, which clears the field', () => {
    expect(['char', 'date', 'float', 'boolean', 'datetime'].map((type) => text(field(type), null))).toEqual([
      '',
      '',
      '',
      '',
      '',
    ]);
    expect(cell(field('many2one', 'res.partner'), null)).toEqual({ column: 'f/.id', text: '' });
  });

  it('is not empty for false, which would clear the row above', () => {
    expect([text(field('boolean'), false), text(field('boolean'), true)]).toEqual(['0', '1']);
  });

  it('names another record by its database id or by its external id', () => {
    const partner = field('many2one', 'res.partner');
    expect(cell(partner, '42')).toEqual({ column: 'f/.id', text: '42' });
    expect(cell(partner, 'account.account_payment_term_30days')).toEqual({
      column: 'f/id',
      text: 'account.account_payment_term_30days',
    });
    expect(text(partner, 'ACME Inc')).toMatch(/neither the database id nor the external id/);
  });

  it('turns the code of a country or currency into its id', () => {
    expect(cell(field('many2one', 'res.country'), 'de')).toEqual({ column: 'f/.id', text: '57' });
    expect(cell(field('many2one', 'res.currency'), 'EUR')).toEqual({ column: 'f/.id', text: '1' });
    expect(text(field('many2one', 'res.country'), 'XX')).toBe('f "XX" is not the code of a country in Odoo');
    expect(text(field('many2one', 'res.currency'), 'SEK')).toBe('f the currency SEK is switched off in Odoo');
  });

  it('lists the records of a many2many', () => {
    expect(cell(field('many2many', 'res.partner.category'), ['3', '4'])).toEqual({
      column: 'f/.id',
      text: '3,4',
    });
    expect(cell(field('many2many', 'res.partner.category'), [])).toEqual({ column: 'f/.id', text: '' });
    expect(text(field('many2many', 'res.partner.category'), ['red'])).toMatch(/list of database ids/);
  });

  it.each([
    ['2026-03-01T10:00:00Z', '2026-03-01 10:00:00'],
    ['2026-03-01T10:00:00.999Z', '2026-03-01 10:00:00'],
    ['2026-03-01T10:00:00+02:00', '2026-03-01 08:00:00'],
    ['2026-03-01T23:30:00-0100', '2026-03-02 00:30:00'],
    ['2026-03-01 10:00:00', '2026-03-01 10:00:00'],
    ['2026-03-01', '2026-03-01 00:00:00'],
  ])('writes the instant %s as %s of UTC', (value, expected) => {
    expect(text(field('datetime'), value)).toBe(expected);
  });

  it('refuses an instant that does not exist, and a list where one value belongs', () => {
    expect(text(field('datetime'), 'tomorrow')).toMatch(/not a date and time/);
    expect(text(field('datetime'), '2026-13-01T10:00:00Z')).toMatch(/not a date and time that exists/);
    expect(text(field('char'), ['a'])).toMatch(/single value/);
    expect(text(field('one2many', 'sale.order.line'), ['1'])).toMatch(/written under `lines`/);
  });
});
