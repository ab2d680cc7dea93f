import { DateTime, IANAZone } from 'luxon';

/** A date without a time, which no time zone ever changes, or a point in time in epoch milliseconds. */
export type Moment =
  | { readonly kind: 'date'; readonly text: string }
  | { readonly kind: 'instant'; readonly ms: number };

const date = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/;
const zoned =
  /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:[Zz]|[+-](?:0\d|1[0-4])(?::?[0-5]\d)?)$/;
/** What most systems give. The platform reads it as luxon does, in a fraction of the time. */
const utc = /^(.{10})T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?Z$/;
/**
 * Eleven to thirteen digits: ten would be seconds for others, fewer are no time that a CRM holds, and fourteen are a
 * time that is written without separators. A number that begins with 0 is a phone number, or the like.
 */
const epoch = /^-?[1-9]\d{10,12}$/;

/** Reads `YYYY-MM-DD`, ISO 8601 with `Z` or an offset, or epoch milliseconds; null when it is none of them. */
export function parseMoment(text: string): Moment | null {
  const trimmed = text.trim();
  if (epoch.test(trimmed)) return { kind: 'instant', ms: Number(trimmed) };
  if (isDay(trimmed)) return { kind: 'date', text: trimmed };
  const day = utc.exec(trimmed)?.[1];
  if (day !== undefined) return isDay(day) ? { kind: 'instant', ms: Date.parse(trimmed) } : null;
  if (!zoned.test(trimmed)) return null;
  const instant = DateTime.fromISO(trimmed.toUpperCase().replace(' ', 'T'), { setZone: true });
  return instant.isValid && !trimmed.includes('T24:') ? { kind: 'instant', ms: instant.toMillis() } : null;
}

/** February has no 30th, although the platform would take it for a day in March. */
function isDay(text: string): boolean {
  return date.test(text) && new Date(text).getUTCDate() === Number(text.slice(8));
}

/** The calendar date of a moment. Only an instant passes the time zone. */
export function dateOf(moment: Moment, timezone: string): string | null {
  if (moment.kind === 'date') return moment.text;
  return DateTime.fromMillis(moment.ms, { zone: timezone }).toISODate();
}

/** ISO 8601 in UTC with a `Z`, without needless milliseconds; a date begins at midnight in the time zone. */
export function instantOf(moment: Moment, timezone: string): string | null {
  const ms =
    moment.kind === 'date' ? DateTime.fromISO(moment.text, { zone: timezone }).toMillis() : moment.ms;
  return Number.isNaN(ms) ? null : new Date(ms).toISOString().replace('.000Z', 'Z');
}

export function isTimezone(name: string): boolean {
  return IANAZone.isValidZone(name);
}
