import { openJournal } from '../../../../../src/connector/journal.ts';

export type Fields = { readonly [field: string]: unknown };
export type Line = { readonly key: string; readonly fields: Fields };

/** A record as the ERP keeps it. Nothing makes the external reference unique. */
export type Row = {
  readonly id: string;
  readonly external_ref: string | null;
  readonly created_at: string;
  readonly modified_at: string;
  readonly fields: Fields;
  readonly lines: { readonly [field: string]: readonly Line[] };
};

/** One committed write: the ground truth of what happened in this ERP, in order. */
export type Write = {
  readonly seq: number;
  readonly at: string;
  readonly entity: string;
  readonly action: 'created' | 'updated' | 'removed';
  readonly id: string;
  readonly external_ref: string | null;
  /** What was written, and not the whole record. */
  readonly fields: Fields;
  readonly lines: Row['lines'];
  /** `api` for a program, `user` for a person who works in the ERP. */
  readonly by: 'api' | 'user';
  /** The number of the request that wrote it; null for a person. */
  readonly request: number | null;
};

/** Who writes. */
export type Author = Pick<Write, 'by' | 'request'>;
type Given = { readonly external_ref: string | null; readonly fields: Fields; readonly lines: Row['lines'] };

/** The tables and the journal of every write. */
export type Records = {
  all(entity: string): Row[];
  get(entity: string, id: string): Row | undefined;
  /** Every record that carries the reference. */
  byRef(entity: string, ref: string): Row[];
  create(entity: string, given: Given, author: Author): Row;
  update(entity: string, id: string, given: Omit<Given, 'external_ref'>, author: Author): Row;
  remove(entity: string, id: string, author: Author): void;
  journal(after: number): readonly Write[];
  /** The names of all fields that records of the entity ever had. */
  fieldNames(entity: string): string[];
  close(): void;
};

type Table = {
  readonly rows: Map<string, Row>;
  readonly refs: Map<string, Set<string>>;
  readonly names: Set<string>;
};

/** Opens the tables over a journal file, null for memory alone: the writes are replayed in order. */
export function openRecords(file: string | null, now: () => Date): Records {
  const tables = new Map<string, Table>();
  const journal = openJournal<Write>(file);
  const writes: Write[] = [];
  let nextId = 1;
  const tableOf = (entity: string): Table => {
    const known = tables.get(entity);
    if (known !== undefined) return known;
    const table: Table = { rows: new Map(), refs: new Map(), names: new Set() };
    tables.set(entity, table);
    return table;
  };
  const replay = (write: Write): void => {
    writes.push(write);
    nextId = Math.max(nextId, Number(write.id) + 1);
    apply(tableOf(write.entity), write);
  };
  const commit = (write: Omit<Write, 'seq' | 'at'>): void => {
    const whole = { seq: writes.length + 1, at: now().toISOString(), ...write };
    journal.append(whole);
    replay(whole);
  };
  const stored = (entity: string, id: string): Row => {
    const row = tableOf(entity).rows.get(id);
    if (row === undefined) throw new Error(`the plain ERP has no ${entity} ${id}`);
    return row;
  };
  journal.recovered.forEach(replay);
  return {
    all: (entity) => [...tableOf(entity).rows.values()],
    get: (entity, id) => tableOf(entity).rows.get(id),
    byRef: (entity, ref) => [...(tableOf(entity).refs.get(ref) ?? [])].map((id) => stored(entity, id)),
    create(entity, given, author) {
      const id = String(nextId);
      commit({ entity, action: 'created', id, ...given, ...author });
      return stored(entity, id);
    },
    update(entity, id, given, author) {
      const { external_ref } = stored(entity, id);
      commit({ entity, action: 'updated', id, external_ref, ...given, ...author });
      return stored(entity, id);
    },
    remove(entity, id, author) {
      const { external_ref } = stored(entity, id);
      commit({ entity, action: 'removed', id, external_ref, fields: {}, lines: {}, ...author });
    },
    journal: (after) => writes.slice(after),
    fieldNames: (entity) => [...tableOf(entity).names],
    close: () => journal.close(),
  };
}

function apply({ rows, refs, names }: Table, write: Write): void {
  const { id, external_ref, at } = write;
  const before = rows.get(id);
  if (write.action === 'removed') {
    rows.delete(id);
    if (external_ref !== null) refs.get(external_ref)?.delete(id);
    return;
  }
  for (const name of Object.keys(write.fields)) names.add(name);
  rows.set(id, {
    id,
    external_ref,
    created_at: before?.created_at ?? at,
    modified_at: at,
    fields: { ...before?.fields, ...write.fields },
    lines: { ...before?.lines, ...write.lines },
  });
  if (before === undefined && external_ref !== null)
    refs.set(external_ref, (refs.get(external_ref) ?? new Set()).add(id));
}
