import type { SinkItem } from '../../src/connector/contract.ts';
import { Fault, type FieldFault } from '../../src/connector/fault.ts';
import type { Value } from '../../src/connector/value.ts';
import { cellOf } from './cell.ts';
import { codedModels, type CodeTable } from './codes.ts';
import { lineIdName } from './external-id.ts';
import type { OdooField, OdooFields } from './fields.ts';
import type { Cells, Encoded, Line } from './parts.ts';
import type { Session } from './session.ts';

type FieldValues = { readonly [field: string]: Value };

/** What the records of a batch are checked and written against. */
export type Dictionary = {
  readonly model: string;
  readonly fields: OdooFields;
  /** By the name of the one2many field: the fields of its lines. */
  readonly lineFields: ReadonlyMap<string, OdooFields>;
  readonly codes: ReadonlyMap<string, CodeTable>;
};

/** Learns what a batch needs: fields, fields of lines, and the tables behind its codes. */
export async function dictionaryFor(
  session: Session,
  model: string,
  items: readonly SinkItem[],
  signal: AbortSignal,
): Promise<Dictionary> {
  const fields = await fieldsWith(
    session,
    model,
    items.flatMap((item) => [...Object.keys(item.fields), ...Object.keys(item.lines)]),
    signal,
  );
  const lineFields = new Map<string, OdooFields>();
  for (const name of new Set(items.flatMap((item) => Object.keys(item.lines)))) {
    const relation = fields.get(name)?.relation;
    const used = items
      .flatMap((item) => item.lines[name]?.rows ?? [])
      .flatMap((row) => Object.keys(row.fields));
    if (relation !== undefined) lineFields.set(name, await fieldsWith(session, relation, used, signal));
  }
  const codes = new Map<string, CodeTable>();
  for (const [coded, used] of codesIn(fields, lineFields, items))
    codes.set(coded, await session.codes.table(coded, used, signal));
  return { model, fields, lineFields, codes };
}

async function fieldsWith(
  session: Session,
  model: string,
  names: readonly string[],
  signal: AbortSignal,
): Promise<OdooFields> {
  const fields = await session.models.fields(model, signal);
  return names.every((name) => fields.has(name)) ? fields : session.models.reload(model, signal);
}

function codesIn(
  fields: OdooFields,
  lineFields: ReadonlyMap<string, OdooFields>,
  items: readonly SinkItem[],
): Map<string, Set<string>> {
  const used = new Map<string, Set<string>>();
  const note = (of: OdooFields | undefined, values: FieldValues): void => {
    for (const [name, value] of Object.entries(values)) {
      const relation = of?.get(name)?.relation;
      if (relation === undefined || codedModels[relation] === undefined) continue;
      const codes = used.get(relation) ?? new Set();
      if (typeof value === 'string' && /^[A-Za-z]+$/.test(value)) codes.add(value.toUpperCase());
      used.set(relation, codes);
    }
  };
  for (const item of items) {
    note(fields, item.fields);
    for (const [name, { rows }] of Object.entries(item.lines))
      for (const row of rows) note(lineFields.get(name), row.fields);
  }
  return used;
}

/** A record as import cells, or the Fault with everything that is wrong with it; nothing was sent then. */
export function encode(dictionary: Dictionary, item: SinkItem): Encoded | Fault {
  const faults: FieldFault[] = [];
  const cells = cellsOf(dictionary.model, dictionary.fields, item.fields, dictionary.codes, faults);
  const lines = new Map<string, Line[]>();
  for (const [name, { rows }] of Object.entries(item.lines)) {
    const fields = dictionary.lineFields.get(name);
    if (fields === undefined || dictionary.fields.get(name)?.type !== 'one2many') {
      faults.push({ field: name, message: `${name} is not a list of lines of ${dictionary.model}` });
      continue;
    }
    lines.set(
      name,
      rows.map((row) => ({
        idName: lineIdName(item.externalKey, name, row.key),
        cells: cellsOf(
          dictionary.fields.get(name)?.relation ?? name,
          fields,
          row.fields,
          dictionary.codes,
          faults,
        ),
      })),
    );
  }
  if (faults.length === 0) return { item, cells, lines };
  return new Fault({
    kind: 'invalid_record',
    code: 'odoo_value_refused',
    message: `${faults.map((fault) => fault.message).join('; ')}.`,
    fields: faults,
  });
}

function cellsOf(
  model: string,
  fields: OdooFields,
  values: FieldValues,
  codes: ReadonlyMap<string, CodeTable>,
  faults: FieldFault[],
): Cells {
  const cells = new Map<string, string>();
  for (const [name, value] of Object.entries(values)) {
    const field: OdooField | undefined = fields.get(name);
    const cell =
      field === undefined
        ? { field: name, message: `${model} has no field ${name} that this user may see` }
        : cellOf(name, field, value, codes);
    if ('column' in cell) cells.set(cell.column, cell.text);
    else faults.push(cell);
  }
  return cells;
}
