import type { SinkItem } from '../../src/connector/contract.ts';

/** Cells of one record or line: column path to text. */
export type Cells = ReadonlyMap<string, string>;

/** A line of a record, with the name of its external id. */
export type Line = { readonly idName: string; readonly cells: Cells };

/** A record as import cells: its own, and those of its lines by field. */
export type Encoded = {
  readonly item: SinkItem;
  readonly cells: Cells;
  readonly lines: ReadonlyMap<string, readonly Line[]>;
};

/**
 * Splits a record into the parts that an import can carry. An import gives every line of a record the same columns
 * and an empty cell clears, so lines with different fields cannot go together: the first part holds the record and
 * all its lines with the fields they share, each further part the lines of one more set of fields, whole.
 * Nearly every record is one part.
 *
 * `shareable` tells the columns that may be filled up with an empty cell, which then do not tell lines apart.
 */
export function partsOf(record: Encoded, shareable: (field: string, column: string) => boolean): Encoded[] {
  const first = new Map<string, readonly Line[]>();
  const rest: Encoded[] = [];
  for (const [field, lines] of record.lines) {
    const kinds = Map.groupBy(lines, ({ cells }) => significant(field, cells, shareable).join('\n'));
    const shared = sharedColumns(lines);
    if (kinds.size <= 1) {
      if (lines.length > 0) first.set(field, lines);
      continue;
    }
    const kept = (column: string): boolean => shared.has(column) || shareable(field, column);
    if (shared.size > 0)
      first.set(
        field,
        lines.map(({ idName, cells }) => ({ idName, cells: only(cells, kept) })),
      );
    for (const kind of kinds.values()) {
      if ([...(kind[0]?.cells.keys() ?? [])].every(kept) && shared.size > 0) continue;
      rest.push({ item: record.item, cells: new Map(), lines: new Map([[field, kind]]) });
    }
  }
  return [{ item: record.item, cells: record.cells, lines: first }, ...rest];
}

const significant = (
  field: string,
  cells: Cells,
  shareable: (field: string, column: string) => boolean,
): string[] => [...cells.keys()].filter((column) => !shareable(field, column)).sort();

function sharedColumns(lines: readonly Line[]): ReadonlySet<string> {
  const [first, ...others] = lines;
  const columns = [...(first?.cells.keys() ?? [])];
  return new Set(columns.filter((column) => others.every((line) => line.cells.has(column))));
}

const only = (cells: Cells, kept: (column: string) => boolean): Cells =>
  new Map([...cells].filter(([column]) => kept(column)));
