import { Decimal, parseDecimal } from '../convert/decimal.ts';
import { takeSteps } from './steps.ts';

/**
 * Whether two values are the same, as `==` and `in` see it. A text that meets a number is compared as a number, and one
 * that meets true or false as `true` or `false`: vendors send either as texts.
 */
export function same(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (isNothing(left) || isNothing(right)) return isNothing(left) && isNothing(right);
  if (typeof left === 'string' && typeof right === 'string') return sameText(left, right);
  if (typeof left === 'boolean' || typeof right === 'boolean') return sameAnswer(left, right);
  const [a, b] = [numberIn(left), numberIn(right)];
  if (a !== null || b !== null) {
    takeSteps(2);
    return a !== null && b !== null && a.equals(b);
  }
  if (Array.isArray(left) && Array.isArray(right)) return sameList(left, right);
  return sameGroup(left, right);
}

/** Whether a list has such an item, or a group such a field; null when it is neither. */
export function isIn(value: unknown, among: unknown): boolean | null {
  if (Array.isArray(among)) {
    takeSteps(among.length >>> 3);
    return among.some((item) => same(value, item));
  }
  const fields = fieldsOf(among);
  return fields === null ? null : typeof value === 'string' && fields.has(value);
}

function isNothing(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

function sameText(left: string, right: string): boolean {
  if (left.length !== right.length) return false;
  takeSteps(left.length >>> 7);
  return left === right;
}

function sameAnswer(left: unknown, right: unknown): boolean {
  const [answer, other] = typeof left === 'boolean' ? [left, right] : [right, left];
  return other === String(answer);
}

/** A text that is no number is not equal to one. */
function numberIn(value: unknown): Decimal | null {
  if (value instanceof Decimal) return value;
  if (typeof value === 'bigint') return new Decimal(value.toString());
  return typeof value === 'string' ? parseDecimal(value) : null;
}

function sameList(left: readonly unknown[], right: readonly unknown[]): boolean {
  if (left.length !== right.length) return false;
  takeSteps(1 + left.length);
  return left.every((item, at) => same(item, right[at]));
}

function sameGroup(left: unknown, right: unknown): boolean {
  const [a, b] = [fieldsOf(left), fieldsOf(right)];
  if (a === null || b === null || a.size !== b.size) return false;
  takeSteps(1 + a.size);
  for (const [name, value] of a) if (!b.has(name) || !same(value, b.get(name))) return false;
  return true;
}

function fieldsOf(value: unknown): ReadonlyMap<unknown, unknown> | null {
  if (value instanceof Map) return value;
  const isGroup = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isGroup && !(value instanceof Decimal) ? new Map(Object.entries(value)) : null;
}
