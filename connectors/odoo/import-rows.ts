import type { Cells, Encoded, Line } from './parts.ts';

/** One call of `load`: parts that share their columns, as a header and rows of text. */
export type Import = {
  readonly parts: readonly Encoded[];
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** The first row of each part. */
  readonly starts: readonly number[];
};

/** How the records of an import are named: a create by its external id, an update by its database id. */
export type Naming = { readonly column: 'id' | '.id'; readonly nameOf: (part: Encoded) => string };

/** Tells the columns of records (`line` null) or of the lines in a field that may be filled up with an empty cell. */
export type Shareable = (line: string | null, column: string) => boolean;

/** Puts parts together that one import can carry: an absent field must stay absent, because an empty cell clears. */
export function importsOf(
  parts: readonly Encoded[],
  naming: Naming,
  module: string,
  shareable: Shareable,
): Import[] {
  const groups = Map.groupBy(parts, (part) => signature(part, shareable));
  return [...groups.values()].map((group) => build(group, naming, module));
}

function signature(part: Encoded, shareable: Shareable): string {
  const columns = (line: string | null, cells: readonly Cells[]): string[] =>
    union(cells)
      .filter((column) => !shareable(line, column))
      .sort();
  const lines = [...part.lines].map(([field, rows]) => [field, columns(field, cellsOf(rows))] as const);
  const byField = lines.sort(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify([columns(null, [part.cells]), byField]);
}

function build(parts: readonly Encoded[], naming: Naming, module: string): Import {
  const own = union(parts.map((part) => part.cells));
  const fields = [...new Set(parts.flatMap((part) => [...part.lines.keys()]))];
  const blocks = fields.map((field) => ({
    field,
    columns: union(cellsOf(parts.flatMap((part) => part.lines.get(field) ?? []))),
  }));
  const lineHeader = blocks.flatMap(({ field, columns }) =>
    ['id', ...columns].map((column) => `${field}/${column}`),
  );
  const rows: string[][] = [];
  const starts: number[] = [];
  for (const part of parts) {
    starts.push(rows.length);
    const height = Math.max(1, ...[...part.lines.values()].map((lines) => lines.length));
    for (let row = 0; row < height; row += 1) {
      const root = row === 0 ? [naming.nameOf(part), ...textsOf(part.cells, own)] : blank(own.length + 1);
      const lines = blocks.flatMap(({ field, columns }) =>
        lineTexts(part.lines.get(field)?.[row], columns, module),
      );
      rows.push(root.concat(lines));
    }
  }
  return { parts, header: [naming.column, ...own, ...lineHeader], rows, starts };
}

function lineTexts(line: Line | undefined, columns: readonly string[], module: string): string[] {
  if (line === undefined) return blank(columns.length + 1);
  return [`${module}.${line.idName}`, ...textsOf(line.cells, columns)];
}

const blank = (length: number): string[] => Array<string>(length).fill('');

const textsOf = (cells: Cells, columns: readonly string[]): string[] =>
  columns.map((column) => cells.get(column) ?? '');

const cellsOf = (lines: readonly Line[]): Cells[] => lines.map((line) => line.cells);

const union = (all: readonly Cells[]): string[] => [...new Set(all.flatMap((cells) => [...cells.keys()]))];
