import { Decimal } from 'decimal.js';
import { type Environment, modelOf } from './environment.ts';
import { activeField, type Field, type Row, type Stored } from './schema.ts';
import { valueError } from './server-error.ts';

type Leaf = readonly [field: string, operator: string, value: unknown];
type Test = (id: number, row: Row) => boolean;

/** A search domain in Odoo's Polish notation: leaves, `&`, `|` and `!`, with an `&` between what stands side by side. */
export type Domain = readonly unknown[];

/** Ids of the records that a domain selects, in the order asked for; archived ones only when they are asked for. */
export function search(env: Environment, name: string, domain: Domain, order?: unknown): number[] {
  const model = modelOf(env, name);
  const leaves = domain.filter((part): part is Leaf => Array.isArray(part));
  const test = compile(env, name, domain);
  const active = activeField(model);
  const hidesArchived =
    active !== null && env.context['active_test'] !== false && !leaves.some(([field]) => field === active);
  const ids: number[] = [];
  for (const [id, row] of candidates(env, name, domain, leaves)) {
    if ((!hidesArchived || row[active] !== false) && test(id, row)) ids.push(id);
  }
  return sorted(env, name, ids, typeof order === 'string' && order !== '' ? order : model.order);
}

/** Looks up by id, parent or external id where the domain allows it, because the tables are large. */
function* candidates(
  env: Environment,
  name: string,
  domain: Domain,
  leaves: readonly Leaf[],
): Generator<readonly [number, Row]> {
  const conjunction = domain.every((part) => Array.isArray(part) || part === '&');
  const ids = conjunction
    ? leaves.map((leaf) => idsBy(env, name, leaf, leaves)).find((found) => found !== null)
    : null;
  if (ids === null || ids === undefined) {
    yield* env.store.rows(name);
    return;
  }
  for (const id of new Set(ids)) {
    const row = env.store.get(name, id);
    if (row !== undefined) yield [id, row];
  }
}

function idsBy(
  env: Environment,
  name: string,
  [field, operator, value]: Leaf,
  leaves: readonly Leaf[],
): readonly number[] | null {
  if (operator !== '=' && operator !== 'in') return null;
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (field === 'id') return values.map(Number);
  const inverse = [...env.models.values()].some(({ fields }) =>
    [...fields.values()].some((one) => one.relation === name && one.inverse === field),
  );
  if (inverse) return values.flatMap((one) => env.store.pointingTo(name, field, Number(one)));
  if (name !== 'ir.model.data') return null;
  const other = (wanted: string): unknown =>
    leaves.find(([leaf, with_]) => leaf === wanted && with_ === '=')?.[2];
  if (field === 'name' && other('module') !== undefined)
    return values.flatMap((one) => env.store.externalId(`${String(other('module'))}.${String(one)}`) ?? []);
  if (field === 'res_id' && other('model') !== undefined)
    return values.flatMap((one) => env.store.externalIdsOf(String(other('model')), Number(one)));
  return null;
}

function compile(env: Environment, name: string, domain: Domain): Test {
  const stack: Test[] = [];
  const pop = (): Test => stack.pop() ?? (() => true);
  for (const part of domain.toReversed()) {
    if (part === '!') {
      const one = pop();
      stack.push((id, row) => !one(id, row));
    } else if (part === '&' || part === '|') {
      const [one, other] = [pop(), pop()];
      stack.push(
        part === '&'
          ? (id, row) => one(id, row) && other(id, row)
          : (id, row) => one(id, row) || other(id, row),
      );
    } else if (Array.isArray(part)) stack.push(leafTest(env, name, part as unknown as Leaf));
    else throw valueError(`Invalid domain: ${JSON.stringify(domain)}`);
  }
  return (id, row) => stack.every((test) => test(id, row));
}

function leafTest(env: Environment, name: string, [path, operator, value]: Leaf): Test {
  const [first = '', ...rest] = path.split('.');
  const field = modelOf(env, name).fields.get(first);
  if (field === undefined)
    throw valueError(`Invalid field ${name}.${first} in condition (${path}, ${operator}, ${String(value)})`);
  if (rest.length > 0) {
    const inner = leafTest(env, field.relation ?? '', [rest.join('.'), operator, value]);
    return (_id, row) => {
      const target = Number(row[first] ?? 0);
      const found = env.store.get(field.relation ?? '', target);
      return found !== undefined && inner(target, found);
    };
  }
  const compare = comparison(operator, field, value, env);
  return (id, row) => compare(first === 'id' ? id : (row[first] ?? false));
}

function comparison(
  operator: string,
  field: Field,
  wanted: unknown,
  env: Environment,
): (value: Stored) => boolean {
  const equal = (value: Stored, one: unknown): boolean =>
    field.type === 'float' || field.type === 'monetary'
      ? new Decimal(String(value || 0)).equals(new Decimal(Number(one)))
      : seconds(env, value) === one || (value === 0 && one === false);
  const list: readonly unknown[] = Array.isArray(wanted) ? wanted : [wanted];
  const among =
    field.type === 'char' ? amongTexts(list) : (value: Stored) => list.some((one) => equal(value, one));
  const like = pattern(operator, wanted);
  switch (operator) {
    case '=':
    case 'in':
      return among;
    case '!=':
    case 'not in':
      return (value) => !among(value);
    case '>':
    case '>=':
    case '<':
    case '<=':
      return (value) => value !== false && ordered(operator, order(field, seconds(env, value), wanted));
    case 'like':
    case 'ilike':
    case '=like':
    case '=ilike':
      return (value) => typeof value === 'string' && like.test(value);
    case 'not like':
    case 'not ilike':
      return (value) => !(typeof value === 'string' && like.test(value));
    default:
      throw valueError(`Invalid operator '${operator}'`);
  }
}

/** A long list of texts is looked through at once for every row, as by an index. */
function amongTexts(list: readonly unknown[]): (value: Stored) => boolean {
  const texts = new Set(list);
  return (value) => texts.has(value);
}

/** Version 19 compares instants by the second, as it shows them; version 16 by the microsecond it keeps. */
const seconds = (env: Environment, value: Stored): Stored =>
  env.version === 19 && typeof value === 'string' && /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+$/.test(value)
    ? value.slice(0, 19)
    : value;

function order(field: Field, value: Stored, wanted: unknown): number {
  if (field.type === 'float' || field.type === 'monetary' || field.type === 'integer')
    return new Decimal(String(value)).comparedTo(new Decimal(String(wanted)));
  const [one, other] = [String(value), String(wanted)];
  return one < other ? -1 : one > other ? 1 : 0;
}

const ordered = (operator: string, order: number): boolean =>
  operator === '>' ? order > 0 : operator === '>=' ? order >= 0 : operator === '<' ? order < 0 : order <= 0;

function pattern(operator: string, wanted: unknown): RegExp {
  const escaped = String(wanted)
    .replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('%', '.*')
    .replaceAll('_', '.');
  const whole = operator.startsWith('=') ? `^${escaped}$` : escaped;
  return new RegExp(whole, operator.endsWith('ilike') ? 'isu' : 'su');
}

function sorted(env: Environment, name: string, ids: number[], order: string): number[] {
  const fields = modelOf(env, name).fields;
  const terms = order.split(',').map((term) => term.trim().split(/\s+/));
  const key = (id: number, field: string): Stored =>
    field === 'id' ? id : (env.store.get(name, id)?.[field] ?? false);
  const compare = (one: number, other: number): number => {
    for (const [field = 'id', direction = 'asc'] of terms) {
      if (!fields.has(field)) throw valueError(`Invalid field '${field}' on model '${name}'`);
      const [a, b] = [key(one, field), key(other, field)];
      if (a === b) continue;
      const less = typeof a === 'number' && typeof b === 'number' ? a < b : String(a) < String(b);
      return less === (direction.toLowerCase() === 'asc') ? -1 : 1;
    }
    return one - other;
  };
  return ids.sort(compare);
}
