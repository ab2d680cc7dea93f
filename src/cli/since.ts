import { CausewayError } from '../errors/error.ts';
import { problem } from '../errors/catalogue.ts';
import { parseMoment } from '../mapping/convert/instant.ts';
import { parseDuration } from '../mapping/duration.ts';

/** The instant that `--since` means: a time ago, a day, or an instant; or why it cannot be understood. */
export function sinceOf(given: string, now: Date): Date | CausewayError {
  const ago = parseDuration(given);
  if (ago !== null) return new Date(now.getTime() - ago * 1000);
  const text = /^\d{4}-\d{2}-\d{2}$/.test(given) ? `${given}T00:00:00Z` : given;
  const instant = parseMoment(text) === null ? Number.NaN : Date.parse(text);
  if (!Number.isNaN(instant)) return new Date(instant);
  return new CausewayError([
    problem(
      'usage',
      `\`${given}\` is no time: write a duration such as 2h or 1d, a day such as 2026-01-31, or an instant such as 2026-01-31T09:30:00Z.`,
    ),
  ]);
}
