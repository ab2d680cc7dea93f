import { invoiceCompleted } from './apps.ts';
import { type Environment, modelOf } from './environment.ts';
import { checkPartner, checkPartnerRemoval, partnerCreated, partnerWritten } from './partner.ts';
import {
  checkLineRemoval,
  checkOrderRemoval,
  lineChanged,
  lineDefaults,
  lineRewritten,
  orderDefaults,
} from './sale.ts';
import type { Field, Model, Row, Stored } from './schema.ts';
import { foreignKey, keyError, missingError, notNull, valueError } from './server-error.ts';
import { rounded, toStored } from './stored-value.ts';

export type Given = { readonly [field: string]: unknown };
type Values = { readonly [field: string]: Stored };

const ignored = new Set(['id', 'create_date', 'write_date', 'create_uid', 'write_uid', 'display_name']);

/** The stamp of a write: when, and by whom. */
const written = (env: Environment) => ({ write_date: env.now, write_uid: env.user });
const created = (env: Environment) => ({ create_date: env.now, create_uid: env.user, ...written(env) });

/** Creates a record with its lines and gives its id. During an import an `id` among the values names it. */
export function create(env: Environment, name: string, given: Given): number {
  const model = modelOf(env, name);
  const values = storedValues(env, name, model, given, 'create');
  const row = completed(env, name, withDefaults(env, model, values));
  checkRequired(model, row);
  if (name === 'res.partner') checkPartner(row);
  const id = env.store.insert(name, { ...row, ...created(env) });
  if (name === 'res.partner') partnerCreated(env, id);
  if (name === 'sale.order.line') lineChanged(env, id);
  applyLines(env, model, id, given, 'create');
  if (env.importModule !== null && typeof given['id'] === 'string') nameRecord(env, given['id'], name, id);
  return id;
}

/** Writes a record; it is stamped even when nothing changes. */
export function write(env: Environment, name: string, id: number, given: Given): void {
  const model = modelOf(env, name);
  const before = env.store.get(name, id);
  if (before === undefined) throw missingError(name, id);
  const values = storedValues(env, name, model, given, 'write');
  const all =
    name === 'sale.order.line'
      ? lineRewritten(env, before, values)
      : name === 'account.move'
        ? invoiceCompleted(env, before, values)
        : values;
  const after = { ...before, ...all };
  checkRequired(model, after);
  if (name === 'res.partner') checkPartner(after);
  env.store.update(name, id, { ...all, ...written(env) });
  if (name === 'res.partner') partnerWritten(env, id, values);
  if (name === 'sale.order.line') lineChanged(env, id);
  applyLines(env, model, id, given, 'write');
}

/** Deletes a record, with the external ids that stand for it. */
export function unlink(env: Environment, name: string, id: number): void {
  const row = env.store.get(name, id);
  if (row === undefined) throw missingError(name, id);
  if (name === 'res.partner') checkPartnerRemoval(env, id);
  if (name === 'sale.order') checkOrderRemoval(row);
  if (name === 'sale.order.line') checkLineRemoval(env, row);
  checkUnused(env, name, id);
  for (const child of env.store.pointingTo('res.partner', 'parent_id', id)) {
    if (name === 'res.partner') env.store.update('res.partner', child, { parent_id: false });
  }
  // The database deletes the lines of an order by itself, and leaves their external ids behind.
  if (name === 'sale.order')
    for (const line of env.store.pointingTo('sale.order.line', 'order_id', id))
      env.store.remove('sale.order.line', line);
  for (const external of env.store.externalIdsOf(name, id)) env.store.remove('ir.model.data', external);
  env.store.remove(name, id);
  if (name === 'sale.order.line') env.dueOrders.add(Number(row['order_id']));
}

function checkUnused(env: Environment, name: string, id: number): void {
  const users =
    name === 'res.partner'
      ? env.store.pointingTo('sale.order', 'partner_id', id)
      : name === 'product.product'
        ? env.store.pointingTo('sale.order.line', 'product_id', id)
        : [];
  if (users.length > 0)
    throw foreignKey('sale_order', name === 'res.partner' ? 'partner_id' : 'product_id', 'Customer');
}

/** Puts an external id on a record; one that exists moves to it. */
export function nameRecord(env: Environment, externalId: string, model: string, id: number): void {
  const full = externalId.includes('.') ? externalId : `${env.importModule ?? '__import__'}.${externalId}`;
  const [module, ...rest] = full.split('.');
  const values = {
    module: module ?? '',
    name: rest.join('.'),
    model,
    res_id: id,
    noupdate: false,
    ...written(env),
  };
  const known = env.store.externalId(full);
  if (known === undefined) env.store.insert('ir.model.data', { ...values, ...created(env) });
  else env.store.update('ir.model.data', known, values);
}

function storedValues(
  env: Environment,
  name: string,
  model: Model,
  given: Given,
  writing: 'create' | 'write',
): Values {
  const values: Record<string, Stored> = {};
  for (const [key, value] of Object.entries(given)) {
    if (ignored.has(key)) continue;
    const field = model.fields.get(key);
    if (field === undefined)
      throw writing === 'create' ? valueError(`Invalid field '${key}' on model '${name}'`) : keyError(key);
    if (field.type !== 'one2many') values[key] = toStored(env, name, key, field, value, writing);
  }
  return values;
}

function withDefaults(env: Environment, model: Model, values: Values): Values {
  const defaults = [...model.fields].flatMap(([key, field]) =>
    !hasDefault(field) ? [] : [[key, defaultOf(env, field)] as const],
  );
  return { ...Object.fromEntries(defaults), ...values };
}

/** Whether Odoo fills the field in when it is not given. */
export const hasDefault = (field: Field): boolean =>
  field.default !== undefined || field.defaultsToNow === true;

/** The default of a field, as it is kept. */
export const defaultOf = (env: Environment, field: Field): Stored =>
  field.defaultsToNow ? env.now.slice(0, 19) : (field.default ?? false);

function completed(env: Environment, name: string, values: Values): Row {
  if (name === 'sale.order') return orderDefaults(env, values);
  if (name === 'sale.order.line') return lineDefaults(env, values);
  if (name === 'account.move') return invoiceCompleted(env, {}, values);
  if (name === 'product.product')
    return {
      currency_id: env.store.get('res.company', 1)?.['currency_id'] ?? false,
      ...values,
      list_price: rounded(values['list_price'] ?? '1', env.version === 16 ? 2 : null),
    };
  return values;
}

function checkRequired(model: Model, row: Row): void {
  for (const [key, field] of model.fields) {
    const value = row[key];
    if (field.required && field.type !== 'boolean' && (value === undefined || value === false)) {
      if (row['display_type'] && key !== 'name') continue;
      throw notNull(key, field.string);
    }
  }
}

/** Carries out the commands on the lines: create, update, delete, link. `false` takes every line away. */
function applyLines(
  env: Environment,
  model: Model,
  id: number,
  given: Given,
  writing: 'create' | 'write',
): void {
  for (const [key, value] of Object.entries(given)) {
    const field = model.fields.get(key);
    if (field?.type !== 'one2many') continue;
    const target = field.relation ?? '';
    const inverse = field.inverse ?? '';
    if (value === false && writing === 'write') {
      for (const line of env.store.pointingTo(target, inverse, id)) unlink(env, target, line);
    }
    for (const command of Array.isArray(value) ? value : [])
      applyCommand(env, target, inverse, id, command as readonly unknown[]);
  }
}

function applyCommand(
  env: Environment,
  target: string,
  inverse: string,
  id: number,
  command: readonly unknown[],
): void {
  const [kind, line, values] = command;
  if (kind === 0) create(env, target, { ...(values as Given), [inverse]: id });
  else if (kind === 1) write(env, target, Number(line), values as Given);
  else if (kind === 2 || kind === 3) unlink(env, target, Number(line));
  else if (kind === 4 && env.store.get(target, Number(line))?.[inverse] !== id)
    env.store.update(target, Number(line), { [inverse]: id });
  else if (kind === 5)
    for (const each of env.store.pointingTo(target, inverse, id)) unlink(env, target, each);
}
