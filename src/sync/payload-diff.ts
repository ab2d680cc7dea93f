import { isDeepStrictEqual } from 'node:util';
import type { Value } from '../connector/value.ts';
import type { Payload } from '../store/payload.ts';

/** One field that differs. `old` or `new` is absent where that side does not write the field at all. */
export type FieldChange = {
  /** As a person reads it: `street`, or `order_line[903].price_unit`. */
  readonly field: string;
  /** The field without the key of its line, for counting: `order_line.price_unit`. */
  readonly group: string;
  readonly old?: Value;
  readonly new?: Value;
};

/** The fields in which two payloads differ, in the order in which the mapping names them. */
export function payloadChanges(old: Payload, now: Payload): FieldChange[] {
  return [...fieldChanges(old.fields, now.fields, '', ''), ...lineChanges(old.lines, now.lines)];
}

type Fields = { readonly [field: string]: Value };

function fieldChanges(old: Fields, now: Fields, prefix: string, group: string): FieldChange[] {
  const names = [...new Set([...Object.keys(now), ...Object.keys(old)])];
  return names.flatMap((name): FieldChange[] => {
    const [before, after] = [own(old, name), own(now, name)];
    if (isDeepStrictEqual(before, after)) return [];
    return [
      {
        field: prefix + name,
        group: group + name,
        ...(before !== undefined && { old: before }),
        ...(after !== undefined && { new: after }),
      },
    ];
  });
}

function lineChanges(old: Payload['lines'], now: Payload['lines']): FieldChange[] {
  const lists = [...new Set([...Object.keys(now), ...Object.keys(old)])];
  return lists.flatMap((list) => {
    const before = rowsOf(old, list);
    const after = rowsOf(now, list);
    const keys = [...new Set([...after.keys(), ...before.keys()])];
    const policy = fieldChanges(policyOf(old, list), policyOf(now, list), `${list}.`, `${list}.`);
    return [
      ...policy,
      ...keys.flatMap((key) =>
        fieldChanges(before.get(key) ?? {}, after.get(key) ?? {}, `${list}[${key}].`, `${list}.`),
      ),
    ];
  });
}

/** What becomes of lines that are gone is part of what is sent, so it is shown when it changes. */
function policyOf(lines: Payload['lines'], list: string): Fields {
  const removed = Object.hasOwn(lines, list) ? lines[list]?.removed : undefined;
  return removed === undefined ? {} : { removed_lines: removed };
}

function rowsOf(lines: Payload['lines'], list: string): Map<string, Fields> {
  const rows = Object.hasOwn(lines, list) ? lines[list]?.rows : undefined;
  return new Map((rows ?? []).map((row) => [row.key, row.fields]));
}

function own(fields: Fields, name: string): Value | undefined {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}
