import { search } from './domain.ts';
import { type Environment, modelOf } from './environment.ts';
import { CellError, convertCell } from './load-cells.ts';
import { type CellRecord, extractRecords, pathOf } from './load-records.ts';
import { create, type Given, nameRecord, write } from './orm.ts';
import { settleOrders } from './sale.ts';
import { externalIdOf, textOf } from './schema.ts';
import { ServerError, validationError } from './server-error.ts';

type Message = {
  readonly type: 'error' | 'warning';
  readonly message: string;
  readonly record?: number;
  readonly rows?: { readonly from: number; readonly to: number };
  readonly field?: string;
  readonly moreinfo?: unknown;
  readonly field_name?: string;
};

export type LoadAnswer = {
  readonly ids: readonly number[] | false;
  readonly messages: readonly Message[];
  readonly nextrow: number;
};

/** A record on its way into the tables. */
type Pending = {
  readonly externalId: string | null;
  readonly databaseId: number | null;
  readonly values: Given;
  readonly info: { readonly rows: { readonly from: number; readonly to: number }; readonly record: number };
};

/** Says why a record is to be refused although nothing is wrong with it, or null: a rule of misbehaviour. */
export type Refusal = (
  externalId: string,
) => { readonly field: string | null; readonly reason: string } | null;

const mostErrors = 10;

/**
 * Odoo's import. All records are written, or none and the messages say why. When saving them together fails, each is
 * tried alone to name the culprits, until ten were refused; the first failure is put down to the first record, too.
 */
export function load(
  caller: Environment,
  name: string,
  columns: readonly string[],
  data: readonly (readonly string[])[],
  refuses: Refusal,
): LoadAnswer {
  const env: Environment = {
    ...caller,
    importModule: typeof caller.context['module'] === 'string' ? caller.context['module'] : '__import__',
  };
  const messages: Message[] = [];
  const extracted = extractRecords(env, name, columns.map(pathOf), data);
  const pending = extracted.map(({ record, rows }, index) =>
    convert(env, name, record, { rows, record: index }, refuses, messages),
  );
  let ids: number[] = [];
  try {
    return env.store.savepoint(() => {
      ids = saveAll(env, name, pending, refuses, messages);
      if (messages.some(({ type }) => type === 'error')) throw new Rollback();
      return { ids, messages, nextrow: 0 };
    });
  } catch (error) {
    if (!(error instanceof Rollback)) throw error;
    env.dueOrders.clear();
    return { ids: false, messages, nextrow: 0 };
  }
}

class Rollback extends Error {}

function convert(
  env: Environment,
  name: string,
  record: CellRecord,
  info: Pending['info'],
  refuses: Refusal,
  messages: Message[],
): Pending {
  const model = modelOf(env, name);
  const values: Record<string, unknown> = {};
  const complain = (field: string, message: string, more: object = {}): void => {
    const label = model.fields.get(field)?.string ?? field;
    messages.push({
      ...info,
      type: 'error',
      field,
      message: message.replaceAll('%(field)s', label),
      ...more,
    });
  };
  const databaseId = typeof record['.id'] === 'string' && record['.id'] !== '' ? Number(record['.id']) : null;
  const known = databaseId !== null && search(env, name, [['id', '=', databaseId]]).length > 0;
  if (databaseId !== null && !known) complain('.id', `Unknown database identifier '${databaseId}'`);
  for (const [key, cell] of Object.entries(record)) {
    const field = model.fields.get(key);
    if (key === 'id' || key === '.id' || field === undefined) continue;
    try {
      values[key] = convertCell(env, field, cell);
    } catch (error) {
      if (!(error instanceof CellError)) throw error;
      complain(key, error.message, {
        ...(error.moreinfo !== undefined && { moreinfo: error.moreinfo }),
        field_name: field.string,
      });
    }
  }
  const externalId = typeof record['id'] === 'string' && record['id'] !== '' ? record['id'] : null;
  const pending = { externalId, databaseId: known ? databaseId : null, values, info };
  const refusal = refuses(nameOf(env, name, pending));
  if (refusal?.field) complain(refusal.field, refusal.reason);
  return pending;
}

function saveAll(
  env: Environment,
  name: string,
  pending: readonly Pending[],
  refuses: Refusal,
  messages: Message[],
): number[] {
  try {
    return env.store.savepoint(() => {
      const ids = pending.map((one) => save(env, name, one, refuses));
      settleOrders(env);
      return ids;
    });
  } catch (error) {
    env.dueOrders.clear();
    const first = pending[0]?.info;
    const scapegoat =
      isUserError(error) && first !== undefined
        ? { ...first, type: 'error' as const, message: error.message }
        : null;
    const { ids, errors } = saveEach(env, name, pending, refuses, messages);
    const said = messages.some(
      (message) =>
        message.record === 0 && message.message === scapegoat?.message && message.field === undefined,
    );
    if (errors > 0 && scapegoat !== null && !said) messages.unshift(scapegoat);
    return ids;
  }
}

const isUserError = (error: unknown): error is ServerError =>
  error instanceof ServerError && /^odoo\.exceptions\.(?:User|Validation)Error$/.test(error.exception);

function saveEach(
  env: Environment,
  name: string,
  pending: readonly Pending[],
  refuses: Refusal,
  messages: Message[],
): { ids: number[]; errors: number } {
  const ids: number[] = [];
  let errors = 0;
  for (const [index, one] of pending.entries()) {
    try {
      ids.push(env.store.savepoint(() => save(env, name, one, refuses)));
    } catch (error) {
      if (!(error instanceof ServerError)) throw error;
      errors += 1;
      messages.push({ ...one.info, type: 'error', ...reported(error) });
    }
    if (errors >= mostErrors && errors >= (index + 1) / 10) {
      messages.push({
        type: 'warning',
        message:
          'Found more than 10 errors and more than one error per 10 records, interrupted to avoid showing too many errors.',
      });
      break;
    }
  }
  settleOrders(env);
  return { ids, errors };
}

/** How import words a failure: a mandatory field by name, other exceptions by their class. */
function reported(error: ServerError): Pick<Message, 'message' | 'field'> {
  if (error.exception === 'psycopg2.errors.NotNullViolation' && error.column !== null) {
    const { name, label } = error.column;
    return { message: `Missing required value for the field '${label}' (${name})`, field: name };
  }
  if (error.exception.startsWith('builtins.')) {
    return {
      message: `Unknown error during import: <class '${error.exception.slice('builtins.'.length)}'>: ${error.message}`,
    };
  }
  return { message: error.message };
}

function save(
  env: Environment,
  name: string,
  { externalId, databaseId, values, info }: Pending,
  refuses: Refusal,
): number {
  const refusal = refuses(nameOf(env, name, { externalId, databaseId, values, info }));
  if (refusal !== null && refusal.field === null) throw validationError(refusal.reason);
  const known = databaseId ?? (externalId === null ? null : existingId(env, name, externalId));
  if (known !== null) {
    write(env, name, known, values);
    return known;
  }
  const { id: _, ...given } = values;
  const id = create(env, name, given);
  if (externalId !== null) nameRecord(env, externalId, name, id);
  return id;
}

/** The record that an external id stands for; one left behind by a deleted record is forgotten. */
function existingId(env: Environment, name: string, externalId: string): number | null {
  const row = env.store.externalId(
    externalId.includes('.') ? externalId : `${env.importModule ?? ''}.${externalId}`,
  );
  const found = row === undefined ? undefined : env.store.get('ir.model.data', row);
  if (row === undefined || found === undefined) return null;
  if (found['model'] !== name) {
    throw validationError(
      `For external id ${externalId} when trying to create/update a record of model ${name} found record of different model ${textOf(found, 'model')} (${row})`,
    );
  }
  const id = Number(found['res_id']);
  if (env.store.get(name, id) !== undefined) return id;
  env.store.remove('ir.model.data', row);
  return null;
}

/** The external id of a record, also of one that is named by its database id; its hash decides who is refused. */
function nameOf(
  env: Environment,
  name: string,
  { externalId, databaseId }: Pick<Pending, 'externalId' | 'databaseId' | 'values' | 'info'>,
): string {
  if (externalId !== null || databaseId === null) return externalId ?? '';
  const row = env.store.get('ir.model.data', env.store.externalIdsOf(name, databaseId)[0] ?? 0);
  return row === undefined ? `${name},${databaseId}` : externalIdOf(row);
}
