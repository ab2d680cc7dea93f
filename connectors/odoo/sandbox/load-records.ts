import { type Environment, modelOf } from './environment.ts';
import type { Model } from './schema.ts';
import { keyError, valueError } from './server-error.ts';

/** The cells of one record: plain fields by name, relational ones as the records below them. */
export type CellRecord = { readonly [field: string]: string | readonly CellRecord[] };

export type Extracted = {
  readonly record: CellRecord;
  readonly rows: { readonly from: number; readonly to: number };
};

type Path = readonly string[];
type Cells = readonly string[];

const naming = new Set(['id', '.id']);

/** Splits `order_line/product_id/.id`; `country_id.id` and `country_id:id` are older spellings. */
export const pathOf = (column: string): Path =>
  column
    .replaceAll(/([^/])\.id/g, '$1/.id')
    .replaceAll(/([^/]):id/g, '$1/id')
    .split('/');

/**
 * Gathers rows into records. A row that fills nothing but one2many columns continues the record above it. Beware: a
 * record whose one2many cells are all empty has an empty list there, which takes its lines away.
 */
export function extractRecords(
  env: Environment,
  name: string,
  paths: readonly Path[],
  rows: readonly Cells[],
): Extracted[] {
  const model = modelOf(env, name);
  for (const [first = ''] of paths) {
    if (naming.has(first) || model.fields.has(first)) continue;
    throw env.version === 19 ? valueError(`Invalid field name '${first}'`) : keyError(first);
  }
  const isLine = paths.map(([first = '']) => model.fields.get(first)?.type === 'one2many');
  const continues = (row: Cells): boolean =>
    row.some((cell, at) => isLine[at] && cell) && !row.some((cell, at) => !isLine[at] && cell);
  const extracted: Extracted[] = [];
  for (let from = 0; from < rows.length;) {
    let to = from;
    while (to + 1 < rows.length && continues(rows[to + 1] ?? [])) to += 1;
    extracted.push({ record: gather(env, model, paths, rows.slice(from, to + 1)), rows: { from, to } });
    from = to + 1;
  }
  return extracted;
}

function gather(env: Environment, model: Model, paths: readonly Path[], span: readonly Cells[]): CellRecord {
  const record: Record<string, string | readonly CellRecord[]> = {};
  const fields = new Set(paths.map(([first = '']) => first));
  for (const field of fields) {
    const relation = model.fields.get(field)?.relation;
    const columns = paths.flatMap(([first], at) => (first === field ? [at] : []));
    if (relation === undefined || naming.has(field)) {
      record[field] = span[0]?.[columns[0] ?? 0] ?? '';
      continue;
    }
    const below = columns.map((at) => (paths[at]?.length === 1 ? [''] : (paths[at]?.slice(1) ?? [])));
    const rows = span
      .map((row) => columns.map((at) => row[at] ?? ''))
      .filter((row) => row.some((cell) => cell !== ''));
    record[field] =
      rows.length === 0
        ? []
        : below.every(([first = '']) => first === '' || naming.has(first))
          ? rows.map((row) => Object.fromEntries(below.map(([first = ''], at) => [first, row[at] ?? ''])))
          : extractRecords(env, relation, below, rows).map((line) => line.record);
  }
  return record;
}
