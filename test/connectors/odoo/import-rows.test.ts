import { array, assert, constantFrom, dictionary, property, string, tuple } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { importsOf, type Naming, type Shareable } from '../../../connectors/odoo/import-rows.ts';
import { type Encoded, type Line, partsOf } from '../../../connectors/odoo/parts.ts';

type Texts = { readonly [column: string]: string };

const line = (idName: string, cells: Texts): Line => ({ idName, cells: new Map(Object.entries(cells)) });

function record(
  id: string,
  cells: Texts,
  lines: { readonly [field: string]: readonly Line[] } = {},
): Encoded {
  const item = { id, externalKey: id, targetId: null, fields: {}, lines: {} };
  return { item, cells: new Map(Object.entries(cells)), lines: new Map(Object.entries(lines)) };
}

const naming: Naming = { column: 'id', nameOf: ({ item }) => `m.${item.id}` };
const nothing: Shareable = () => false;
const onlyD: Shareable = (_line, column) => column === 'd';
const imports = (
  records: readonly Encoded[],
  shareable: Shareable = nothing,
): { header: readonly string[]; rows: readonly (readonly string[])[] }[] =>
  importsOf(
    records.flatMap((one) => partsOf(one, shareable)),
    naming,
    'm',
    shareable,
  ).map(({ header, rows }) => ({ header, rows }));

describe('the rows of an import', () => {
  it('are one for each record where all have the same fields', () => {
    expect(imports([record('a', { name: 'A', city: 'X' }), record('b', { city: 'Y', name: 'B' })])).toEqual([
      {
        header: ['id', 'name', 'city'],
        rows: [
          ['m.a', 'A', 'X'],
          ['m.b', 'B', 'Y'],
        ],
      },
    ]);
  });

  it('go apart where one record leaves alone what another writes', () => {
    const made = imports([
      record('a', { name: 'A' }),
      record('b', { name: 'B', city: 'Y' }),
      record('c', { name: 'C' }),
    ]);
    expect(made.map(({ header, rows }) => [header.length, rows.length])).toEqual([
      [2, 2],
      [3, 1],
    ]);
  });

  it('stay together where Odoo would leave the missing field empty anyway', () => {
    const made = imports(
      [record('a', { name: 'A' }), record('b', { name: 'B', city: 'Y' })],
      (_line, column) => column === 'city',
    );
    expect(made).toEqual([
      {
        header: ['id', 'name', 'city'],
        rows: [
          ['m.a', 'A', ''],
          ['m.b', 'B', 'Y'],
        ],
      },
    ]);
  });

  it('carry lines below their record, in rows that fill nothing else', () => {
    const lines = [
      line('l1', { 'product_id/.id': '7', qty: '1' }),
      line('l2', { 'product_id/.id': '8', qty: '2' }),
    ];
    expect(
      imports([
        record('a', { ref: 'R' }, { order_line: lines }),
        record('b', { ref: 'S' }, { order_line: lines.slice(0, 1) }),
      ]),
    ).toEqual([
      {
        header: ['id', 'ref', 'order_line/id', 'order_line/product_id/.id', 'order_line/qty'],
        rows: [
          ['m.a', 'R', 'm.l1', '7', '1'],
          ['', '', 'm.l2', '8', '2'],
          ['m.b', 'S', 'm.l1', '7', '1'],
        ],
      },
    ]);
  });

  it('keep a record without lines out of an import with lines, where it would lose those it has', () => {
    const made = imports([
      record('a', { ref: 'R' }, { order_line: [line('l', { qty: '1' })] }),
      record('b', { ref: 'S' }, { order_line: [] }),
    ]);
    expect(made.map(({ rows }) => rows.length)).toEqual([1, 1]);
    expect(made[1]?.header).toEqual(['id', 'ref']);
  });

  it('send lines with different fields one after the other, the record and what all lines share first', () => {
    const lines = [
      line('l1', { qty: '1', price: '5' }),
      line('l2', { qty: '2', price: '6', discount: '10' }),
      line('l3', { qty: '3' }),
    ];
    expect(imports([record('a', { ref: 'R' }, { order_line: lines })])).toEqual([
      {
        header: ['id', 'ref', 'order_line/id', 'order_line/qty'],
        rows: [
          ['m.a', 'R', 'm.l1', '1'],
          ['', '', 'm.l2', '2'],
          ['', '', 'm.l3', '3'],
        ],
      },
      {
        header: ['id', 'order_line/id', 'order_line/qty', 'order_line/price'],
        rows: [['m.a', 'm.l1', '1', '5']],
      },
      {
        header: ['id', 'order_line/id', 'order_line/qty', 'order_line/price', 'order_line/discount'],
        rows: [['m.a', 'm.l2', '2', '6', '10']],
      },
    ]);
  });

  it('hold every cell exactly once at its end, and none that a record did not have', () => {
    const cells = dictionary(constantFrom('a', 'b', 'c', 'd'), string({ minLength: 1, maxLength: 3 }));
    const records = array(tuple(cells, array(cells, { maxLength: 4 })), { maxLength: 8 });
    assert(
      property(records, (given) => {
        const all = given.map(([own, lines], at) =>
          record(
            `r${at}`,
            own,
            lines.length > 0 ? { l: lines.map((each, n) => line(`r${at}l${n}`, each)) } : {},
          ),
        );
        expect(finalCells(imports(all, onlyD))).toEqual(cellsOf(all));
      }),
    );
  });
});

/** What the records and lines hold after the imports, by name and column; empty cells of a blank column left out. */
function finalCells(
  made: readonly { header: readonly string[]; rows: readonly (readonly string[])[] }[],
): Texts {
  const final: Record<string, string> = {};
  for (const { header, rows } of made) {
    let current = '';
    for (const row of rows) {
      current = row[0] || current;
      header.forEach((column, at) => {
        const text = row[at] ?? '';
        const ofLine = column.startsWith('l/');
        const name = ofLine ? row[header.indexOf('l/id')] : row[0];
        const plain = ofLine ? column.slice(2) : column;
        if (!name || plain === 'id' || (text === '' && plain === 'd')) return;
        final[`${name} ${plain}`] = text;
      });
    }
  }
  return final;
}

function cellsOf(records: readonly Encoded[]): Texts {
  const all: Record<string, string> = {};
  for (const { item, cells, lines } of records) {
    for (const [column, text] of cells) all[`m.${item.id} ${column}`] = text;
    for (const each of lines.get('l') ?? [])
      for (const [column, text] of each.cells) all[`m.${each.idName} ${column}`] = text;
  }
  return all;
}
