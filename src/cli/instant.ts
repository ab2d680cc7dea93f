import { parseDuration } from '../mapping/duration.ts';
import { parseMoment } from '../mapping/convert/instant.ts';

/** The instant that a person writes: a duration back from now, a day, or an instant; null when it is none of these. */
export function instantIn(text: string, now: Date): Date | null {
  const ago = parseDuration(text);
  if (ago !== null) return new Date(now.getTime() - ago * 1000);
  const whole = /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text;
  const instant = parseMoment(whole) === null ? Number.NaN : Date.parse(whole);
  return Number.isNaN(instant) ? null : new Date(instant);
}

/** What is said of a text that is none. */
export const noInstant = (text: string): string =>
  `\`${text}\` is no time: write a duration such as 2h or 1d, a day such as 2026-01-31, or an instant such as 2026-01-31T09:30:00Z.`;
