/**
 * What the mappings of the bench need when they are written by hand: what an engineer writes who is asked for these
 * fields and nothing else, with the same libraries, and with the same things said of a record that cannot be carried.
 */
import { Decimal } from 'decimal.js';
import type { Value } from '../../src/connector/value.ts';
import type { Ending, Given, RecordProblem, Reference } from '../../src/mapping/mapping.ts';

export type Fields = { [field: string]: Value };
type Round = Decimal.Rounding;
/** What one record comes to. Fields are set one after the other; problems and waits are noted on the way. */
export type Work = {
  readonly problems: RecordProblem[];
  readonly waits: Map<string, Reference>;
  readonly given: Given;
};

export function textOf(value: Value | undefined): string {
  return typeof value === 'string' ? value : '';
}

export function wrong(
  work: Work,
  code: string,
  field: string,
  name: string,
  value: string,
  what: string,
): void {
  const shown = value.length > 80 ? `${value.slice(0, 79)}…` : value;
  work.problems.push({ code, field, message: `\`${name}\` is ${JSON.stringify(shown)}, which ${what}` });
}

export function missing(work: Work, field: string, name: string): void {
  const message = `\`${name}\` is empty, and the field must have a value`;
  work.problems.push({ code: 'value_missing', field, message });
}

export const number = /^[+-]?\d+(?:\.\d+)?$/;

export function money(
  work: Work,
  field: string,
  name: string,
  value: string,
  scale: number,
  round: Round,
): string | null {
  const digits = value.trim();
  if (!number.test(digits)) {
    wrong(
      work,
      'value_not_decimal',
      field,
      name,
      value,
      'is not a decimal number: write digits with a point and no other separators, such as 1234.50',
    );
    return null;
  }
  const text = new Decimal(digits).toFixed(scale, round);
  return /^-[0.]+$/.test(text) ? text.slice(1) : text;
}

export function day(work: Work, field: string, name: string, value: string): string | null {
  const date = new Date(value);
  if (/^\d{4}-\d{2}-\d{2}$/.test(value) && date.getUTCDate() === Number(value.slice(8))) return value;
  notDate(work, field, name, value);
  return null;
}

export function notDate(work: Work, field: string, name: string, value: string): void {
  const forms = 'write 2026-01-31, or an instant such as 2026-01-31T09:30:00Z';
  wrong(work, 'value_not_date', field, name, value, `is not a date: ${forms}`);
}

export function instant(work: Work, field: string, name: string, value: string): string | null {
  if (/^\d{4}-\d{2}-\d{2}$/.test(value)) {
    const what = 'is a date without a time; give the rule a `timezone` in which that day begins';
    wrong(work, 'value_not_datetime', field, name, value, what);
    return null;
  }
  const moment = new Date(value);
  if (!Number.isNaN(moment.getTime())) return moment.toISOString().replace('.000Z', 'Z');
  const what = 'is not an instant: write an instant such as 2026-01-31T09:30:00Z';
  wrong(work, 'value_not_datetime', field, name, value, what);
  return null;
}

export function link(work: Work, flow: string, id: string): string | null {
  const linked = work.given.linked({ flow, id });
  if (linked === null) work.waits.set(`${flow}/${id}`, { flow, id });
  return linked;
}

export function ended({ problems, waits }: Work, record: () => Ending): Ending {
  if (problems.length > 0) return { kind: 'rejected', problems };
  return waits.size > 0 ? { kind: 'waiting', for: [...waits.values()] } : record();
}
