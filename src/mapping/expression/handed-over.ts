import { Decimal } from '../convert/decimal.ts';
import { ExpressionMistake } from './steps.ts';

/** No vendor nests records this deep; the library would go down as deep as they are. */
const deepest = 100;

/** What was handed over already: a list of lines is looked at by many expressions. */
const known = new WeakMap<object, object>();

/**
 * A value of a record as the library may have it. It asks groups for their `constructor`, at any depth, and that may
 * be the name of a field: a group with such a field becomes a Map.
 */
export function handedOver(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Decimal) return value;
  const before = known.get(value);
  if (before !== undefined) return before;
  if (depth > deepest) throw new ExpressionMistake('meets a value that is nested too deeply');
  const safe = Array.isArray(value) ? listOver(value, depth) : groupOver(value, depth);
  known.set(value, safe);
  known.set(safe, safe);
  return safe;
}

/** The same for the record itself, of which only single fields are taken. */
export function outermostOver(value: object | null): unknown {
  return value !== null && misleads(value) ? new Map(Object.entries(value)) : value;
}

function listOver(list: readonly unknown[], depth: number): readonly unknown[] {
  const items = list.map((item) => handedOver(item, depth + 1));
  return items.every((item, at) => item === list[at]) ? list : items;
}

function groupOver(group: object, depth: number): object {
  const entries: [unknown, unknown][] = [];
  let same = true;
  for (const [name, value] of group instanceof Map ? group : Object.entries(group)) {
    const over = handedOver(value, depth + 1);
    same &&= over === value;
    entries.push([name, over]);
  }
  if (same && !misleads(group)) return group;
  return new Map(entries);
}

function misleads(group: object): boolean {
  return Object.hasOwn(group, 'constructor');
}
