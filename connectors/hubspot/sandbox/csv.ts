import { readFileSync } from 'node:fs';

/** Reads a CSV file with a header line and `"` as the quote. An empty field is null. */
export function readCsv(file: URL): { readonly [column: string]: string | null }[] {
  const [header = [], ...rows] = parseCsv(readFileSync(file, 'utf8'));
  return rows.map((row) => Object.fromEntries(header.map((column, index) => [column, row[index] || null])));
}

export function parseCsv(text: string): string[][] {
  const field = /("(?:[^"]|"")*"|[^,\r\n]*)(,|\r?\n|$)/g;
  const rows: string[][] = [];
  let row: string[] = [];
  for (const [, raw = '', end = ''] of text.matchAll(field)) {
    row.push(raw.startsWith('"') ? raw.slice(1, -1).replaceAll('""', '"') : raw);
    if (end === ',') continue;
    if (row.length > 1 || row[0] !== '') rows.push(row);
    row = [];
  }
  return rows;
}
