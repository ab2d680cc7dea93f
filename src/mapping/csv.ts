/** A row of a CSV text, and the line of the file on which it begins, from 1. */
export type CsvRow = { readonly line: number; readonly cells: readonly string[] };

/**
 * Reads comma-separated text (RFC 4180): quoted cells may hold commas, doubled quotes and line breaks. Empty lines
 * are left out. Null with the line when a quoted cell is never closed.
 */
export function parseCsv(
  text: string,
): { readonly rows: readonly CsvRow[] } | { readonly openQuote: number } {
  const rows: CsvRow[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\r|\n|$)/y;
  let line = 1;
  let cells: string[] = [];
  let begin = 1;
  while (cell.lastIndex < text.length) {
    const match = cell.exec(text);
    if (match === null) return { openQuote: begin };
    const [whole, quoted, plain = '', end = ''] = match;
    cells.push(quoted?.replaceAll('""', '"') ?? plain);
    line += whole.split(/\r\n|\r|\n/).length - 1;
    if (end === ',' && cell.lastIndex < text.length) continue;
    if (end === ',') cells.push('');
    if (cells.length > 1 || cells[0] !== '') rows.push({ line: begin, cells });
    cells = [];
    begin = line;
  }
  return { rows };
}
