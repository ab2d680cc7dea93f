import { openJournal } from '../../../src/connector/journal.ts';
import { externalIdOf, type Model, type Row, textOf } from './schema.ts';

/** What one committed transaction changed: model, id and the row as it is now, or null where it was deleted. */
type Commit = readonly (readonly [model: string, id: number, row: Row | null])[];

/** The tables, with the indexes that keep an import fast however many rows there are. */
export type Store = {
  get(model: string, id: number): Row | undefined;
  rows(model: string): IterableIterator<[number, Row]>;
  /** Ids of the rows whose many2one `field` names `id`. */
  pointingTo(model: string, field: string, id: number): readonly number[];
  /** The id of the `ir.model.data` row of an external id. */
  externalId(fullName: string): number | undefined;
  /** Ids of the `ir.model.data` rows that stand for a record, oldest first. */
  externalIdsOf(model: string, id: number): readonly number[];
  insert(model: string, row: Row): number;
  update(model: string, id: number, patch: Row): void;
  remove(model: string, id: number): void;
  /** Runs `work` so that a throw undoes all it did, and commits what it did otherwise. */
  transaction<T>(work: () => T): T;
  /** Runs `work` so that a throw undoes what it did, and what was done before stays. */
  savepoint<T>(work: () => T): T;
  close(): void;
};

type Table = { readonly rows: Map<number, Row>; next: number };

/**
 * Opens the tables over a journal file, null for memory alone. `seed` fills them the same way each time, before what
 * the journal holds is applied.
 */
export function openStore(
  models: ReadonlyMap<string, Model>,
  file: string | null,
  seed: (store: Store) => void,
): Store {
  const tables = openTables(models);
  const journal = openJournal<Commit>(file);
  let undo: (() => void)[] = [];
  let touched = new Map<string, readonly [string, number]>();

  const change = (model: string, id: number, row: Row | null): void => {
    const before = tables.of(model).rows.get(id) ?? null;
    undo.push(() => tables.put(model, id, before));
    touched.set(`${model} ${id}`, [model, id]);
    tables.put(model, id, row);
  };
  const savepoint = <T>(work: () => T): T => {
    const length = undo.length;
    try {
      return work();
    } catch (error) {
      while (undo.length > length) undo.pop()?.();
      throw error;
    }
  };
  const store: Store = {
    get: (model, id) => tables.of(model).rows.get(id),
    rows: (model) => tables.of(model).rows.entries(),
    pointingTo: (model, field, id) => tables.idsUnder(pointerKey(model, field, String(id))),
    externalId: (fullName) => tables.idsUnder(nameKey(fullName))[0],
    externalIdsOf: (model, id) => tables.idsUnder(recordKey(model, String(id))),
    insert(model, row) {
      const at = tables.of(model);
      const id = at.next;
      at.next += 1;
      change(model, id, { ...row, id });
      return id;
    },
    update: (model, id, patch) => change(model, id, { ...tables.of(model).rows.get(id), ...patch }),
    remove: (model, id) => change(model, id, null),
    savepoint,
    transaction(work) {
      undo = [];
      touched = new Map();
      const result = savepoint(work);
      const commit = [...touched.values()].map(
        ([model, id]) => [model, id, tables.of(model).rows.get(id) ?? null] as const,
      );
      if (commit.length > 0) journal.append(commit);
      return result;
    },
    close: () => journal.close(),
  };
  seedAndRecover(store, tables, seed, journal.recovered);
  return store;
}

/** The seed is made anew each time, outside any transaction, and so it is no part of the journal. */
function seedAndRecover(
  store: Store,
  tables: Tables,
  seed: (store: Store) => void,
  commits: readonly Commit[],
): void {
  seed(store);
  for (const commit of commits) {
    for (const [model, id, row] of commit) {
      tables.put(model, id, row);
      const at = tables.of(model);
      at.next = Math.max(at.next, id + 1);
    }
  }
}

type Tables = {
  of(model: string): Table;
  put(model: string, id: number, row: Row | null): void;
  /** Ids of the rows that are filed under a key, ascending. */
  idsUnder(key: string): readonly number[];
};

const pointerKey = (model: string, field: string, id: string): string => `${model} ${field} ${id}`;
const nameKey = (fullName: string): string => `name ${fullName}`;
const recordKey = (model: string, id: string): string => `record ${model} ${id}`;

function openTables(models: ReadonlyMap<string, Model>): Tables {
  const tables = new Map(
    [...models.keys()].map((name): [string, Table] => [name, { rows: new Map(), next: 1 }]),
  );
  const pointers = pointerFields(models);
  const index = new Map<string, Set<number>>();
  const of = (model: string): Table => {
    const found = tables.get(model);
    if (found === undefined) throw new Error(`the stand-in has no table ${model}`);
    return found;
  };
  const keysOf = (model: string, row: Row): string[] => {
    const own = (pointers.get(model) ?? []).map((field) => pointerKey(model, field, textOf(row, field)));
    if (model !== 'ir.model.data') return own;
    return [...own, nameKey(externalIdOf(row)), recordKey(textOf(row, 'model'), textOf(row, 'res_id'))];
  };
  return {
    of,
    put(model, id, row) {
      const { rows } = of(model);
      const before = rows.get(id);
      if (before !== undefined) for (const key of keysOf(model, before)) index.get(key)?.delete(id);
      if (row === null) rows.delete(id);
      else rows.set(id, row);
      if (row !== null) for (const key of keysOf(model, row)) file(index, key, id);
    },
    idsUnder: (key) => [...(index.get(key) ?? [])].sort((one, other) => one - other),
  };
}

/** Many2one fields that a one2many of another model is read through. */
function pointerFields(models: ReadonlyMap<string, Model>): Map<string, string[]> {
  const pointers = new Map<string, string[]>([['sale.order.line', ['product_id']]]);
  for (const { fields } of models.values()) {
    for (const { relation, inverse } of fields.values()) {
      if (relation === undefined || inverse === undefined) continue;
      pointers.set(relation, [...(pointers.get(relation) ?? []), inverse]);
    }
  }
  return pointers;
}

function file(index: Map<string, Set<number>>, key: string, id: number): void {
  const ids = index.get(key);
  if (ids === undefined) index.set(key, new Set([id]));
  else ids.add(id);
}
