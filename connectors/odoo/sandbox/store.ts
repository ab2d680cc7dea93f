import { openJournal } from '../../../src/connector/journal.ts';
import { externalIdOf, type Model, type Row, textOf } from './schema.ts';

/** What one committed transaction changed: model, id and the row as it is now, or null where it was deleted. */
export type Commit = readonly (readonly [model: string, id: number, row: Row | null])[];

/** The tables, with the indexes that keep an import fast however many rows there are. */
export type Store = {
  get(model: string, id: number): Row | undefined;
  rows(model: string): IterableIterator<[number, Row]>;
  size(model: string): number;
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
type Index = Map<string, Set<number>>;

const externalIdModel = 'ir.model.data';

/**
 * Opens the tables over a journal file, null for memory alone. `seed` fills them the same way each time, before what
 * the journal holds is applied.
 */
export function openStore(
  models: ReadonlyMap<string, Model>,
  file: string | null,
  seed: (store: Store) => void,
): Store {
  const tables = new Map(
    [...models.keys()].map((name): [string, Table] => [name, { rows: new Map(), next: 1 }]),
  );
  const pointers = pointerFields(models);
  const index: Index = new Map();
  let undo: (() => void)[] = [];
  let touched = new Map<string, readonly [string, number]>();
  const journal = openJournal<Commit>(file);

  const table = (model: string): Table => {
    const found = tables.get(model);
    if (found === undefined) throw new Error(`the stand-in has no table ${model}`);
    return found;
  };
  const keysOf = (model: string, row: Row): string[] => {
    const own = (pointers.get(model) ?? []).map((field) => `${model} ${field} ${textOf(row, field)}`);
    if (model !== externalIdModel) return own;
    return [...own, `name ${externalIdOf(row)}`, `record ${textOf(row, 'model')} ${textOf(row, 'res_id')}`];
  };
  const put = (model: string, id: number, row: Row | null): void => {
    const { rows } = table(model);
    const before = rows.get(id);
    if (before !== undefined) for (const key of keysOf(model, before)) index.get(key)?.delete(id);
    if (row === null) rows.delete(id);
    else {
      rows.set(id, row);
      for (const key of keysOf(model, row)) add(index, key, id);
    }
  };
  const change = (model: string, id: number, row: Row | null): void => {
    const before = table(model).rows.get(id) ?? null;
    undo.push(() => put(model, id, before));
    touched.set(`${model} ${id}`, [model, id]);
    put(model, id, row);
  };
  const insert = (model: string, row: Row): number => {
    const at = table(model);
    const id = at.next;
    at.next += 1;
    change(model, id, { ...row, id });
    return id;
  };
  const rollBackTo = (length: number): void => {
    while (undo.length > length) undo.pop()?.();
  };

  const store: Store = {
    get: (model, id) => table(model).rows.get(id),
    rows: (model) => table(model).rows.entries(),
    size: (model) => table(model).rows.size,
    pointingTo: (model, field, id) => ascending(index.get(`${model} ${field} ${id}`)),
    externalId: (fullName) => index.get(`name ${fullName}`)?.values().next().value,
    externalIdsOf: (model, id) => ascending(index.get(`record ${model} ${id}`)),
    insert,
    update: (model, id, patch) => change(model, id, { ...table(model).rows.get(id), ...patch }),
    remove: (model, id) => change(model, id, null),
    savepoint(work) {
      const length = undo.length;
      try {
        return work();
      } catch (error) {
        rollBackTo(length);
        throw error;
      }
    },
    transaction(work) {
      undo = [];
      touched = new Map();
      const result = store.savepoint(work);
      const commit = [...touched.values()].map(
        ([model, id]) => [model, id, table(model).rows.get(id) ?? null] as const,
      );
      if (commit.length > 0) journal.append(commit);
      return result;
    },
    close: () => journal.close(),
  };

  seed(store);
  for (const commit of journal.recovered) {
    for (const [model, id, row] of commit) {
      put(model, id, row);
      const at = table(model);
      at.next = Math.max(at.next, id + 1);
    }
  }
  return store;
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

const ascending = (ids: Iterable<number> = []): number[] => [...ids].sort((one, other) => one - other);

function add(index: Index, key: string, id: number): void {
  const ids = index.get(key);
  if (ids === undefined) index.set(key, new Set([id]));
  else ids.add(id);
}
