import type { SourceRecord, Value } from '../connector/value.ts';
import { isGroup, refuse, type Refusal } from './refusal.ts';

/** What a rule reads from: the record, and inside `lines` the line as well. */
export type Scope = {
  readonly record: SourceRecord;
  readonly line: SourceRecord | null;
  /** The instant of the decision, ISO 8601 in UTC; absent where nothing is decided. */
  readonly now?: string;
};

/** A parsed path. `fromRecord` paths begin at the record, even inside a line (`..closedate`). */
export type RecordPath = {
  readonly text: string;
  readonly fromRecord: boolean;
  readonly steps: readonly string[];
};

const written = /^(?:\.\.)?[^.\s{}](?:[^.{}]*[^.\s{}])?(?:\.[^.\s{}](?:[^.{}]*[^.\s{}])?)*$/;

/** Reads `name`, `company.id` or, inside lines, `..closedate`; null when the text is no path. */
export function parsePath(text: string): RecordPath | null {
  if (!written.test(text)) return null;
  const fromRecord = text.startsWith('..');
  return { text, fromRecord, steps: text.slice(fromRecord ? 2 : 0).split('.') };
}

/** The value at a path. A record that is not there has no fields; a field of a text or of a list is a mistake. */
export function valueAt(path: RecordPath, scope: Scope): Value | Refusal | undefined {
  let value: Value | undefined = path.fromRecord ? scope.record : (scope.line ?? scope.record);
  for (const [depth, step] of path.steps.entries()) {
    if (value === null || value === undefined) return undefined;
    if (!isGroup(value)) {
      const name = path.steps.slice(0, depth).join('.');
      const what = Array.isArray(value) ? 'a list' : 'a single value';
      return refuse(
        'value_wrong_kind',
        `cannot be read: \`${name}\` is ${what}, which has no field \`${step}\``,
      );
    }
    value = Object.hasOwn(value, step) ? value[step] : undefined;
  }
  return value;
}
