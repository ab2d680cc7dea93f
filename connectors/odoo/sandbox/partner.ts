import type { Environment } from './environment.ts';
import { type Row, type Stored, textOf } from './schema.ts';
import { redirectWarning, ServerError } from './server-error.ts';

const model = 'res.partner';
const addressFields = ['street', 'street2', 'zip', 'city', 'state_id', 'country_id'];

type Values = { readonly [field: string]: Stored };

const addressOf = (row: Values): Values =>
  Object.fromEntries(
    addressFields.filter((field) => field in row).map((field) => [field, row[field] ?? false]),
  );

const hasAddress = (row: Row): boolean => addressFields.some((field) => row[field]);

const whole = (row: Row): Values =>
  Object.fromEntries(addressFields.map((field) => [field, row[field] ?? false]));

const parentOf = (env: Environment, row: Row): { id: number; row: Row } | null => {
  const id = row['parent_id'];
  const parent = typeof id === 'number' ? env.store.get(model, id) : undefined;
  return typeof id === 'number' && parent !== undefined ? { id, row: parent } : null;
};

const stamp = (env: Environment, id: number, values: Values): void =>
  env.store.update(model, id, { ...values, write_date: env.now, write_uid: env.user });

/** A contact needs a name; another address of a company does without. */
export function checkPartner(row: Row): void {
  if (row['type'] !== 'contact' || row['name']) return;
  throw new ServerError('psycopg2.errors.CheckViolation', 'Contacts require a name', 422);
}

/** A new contact lends its address to a company without one, and takes the address of a company that has one. */
export function partnerCreated(env: Environment, id: number): void {
  const row = env.store.get(model, id) ?? {};
  const parent = parentOf(env, row);
  env.store.update(model, id, { commercial_partner_id: commercial(env, id, row) });
  if (parent === null) return;
  if (row['type'] === 'contact' && hasAddress(parent.row))
    return env.store.update(model, id, whole(parent.row));
  const only = env.store.pointingTo(model, 'parent_id', parent.id).length === 1;
  if (only && hasAddress(row) && !hasAddress(parent.row)) stamp(env, parent.id, whole(row));
}

/** An address travels between a company and its contacts of type `contact`, in both directions. */
export function partnerWritten(env: Environment, id: number, values: Values): void {
  const row = env.store.get(model, id) ?? {};
  const parent = parentOf(env, row);
  if ('parent_id' in values || 'is_company' in values)
    env.store.update(model, id, { commercial_partner_id: commercial(env, id, row) });
  const joined = parent !== null && row['type'] === 'contact';
  if (joined && ('parent_id' in values || values['type'] === 'contact') && hasAddress(parent.row)) {
    return env.store.update(model, id, whole(parent.row));
  }
  const address = addressOf(values);
  if (Object.keys(address).length === 0) return;
  if (joined) {
    stamp(env, parent.id, address);
    for (const sibling of contactsOf(env, parent.id)) if (sibling !== id) stamp(env, sibling, address);
  }
  for (const contact of contactsOf(env, id)) stamp(env, contact, address);
}

const contactsOf = (env: Environment, id: number): readonly number[] =>
  env.store
    .pointingTo(model, 'parent_id', id)
    .filter((child) => env.store.get(model, child)?.['type'] === 'contact');

function commercial(env: Environment, id: number, row: Row): number {
  const parent = parentOf(env, row);
  if (row['is_company'] || parent === null) return id;
  return Number(parent.row['commercial_partner_id'] || parent.id);
}

/** The contact behind a user cannot be deleted. */
export function checkPartnerRemoval(env: Environment, id: number): void {
  const user = [...env.store.rows('res.users')].find(([, row]) => row['partner_id'] === id)?.[1];
  if (user !== undefined)
    throw redirectWarning(
      `You cannot delete contacts linked to an active user.\nLinked active users : ${textOf(user, 'name')}`,
    );
}
