import type { LookupDeclaration } from './lookup-declaration.ts';
import { parseDuration } from '../duration.ts';
import type { Report } from '../report.ts';

/** The times of a lookup, in milliseconds; see `Lookup`. */
export type Times = {
  readonly deadlineMs: number;
  readonly ttlMs: number;
  readonly refreshAheadMs: number;
  readonly staleForMs: number;
};

const defaultDeadlineMs = 2000;
/** Shorter than the way to a system and back is no deadline; longer, no caller waits. */
const deadlineBounds = { least: 50, most: 60_000 };
const longestMs = 7 * 24 * 3600 * 1000;

/** `250ms`, `2s`, `15m`, `1h` or `2d` in milliseconds; null when it is none of these, or nothing. */
export function parseMilliseconds(text: string): number | null {
  const match = /^([1-9]\d{0,5})ms$/.exec(text);
  if (match !== null) return Number(match[1]);
  const seconds = parseDuration(text);
  return seconds === null ? null : seconds * 1000;
}

/** The times that a lookup declares, and their defaults; what does not go together is reported. */
export function timesOf(declared: LookupDeclaration, report: Report): Times {
  const read = (key: 'deadline' | 'ttl' | 'refresh_ahead' | 'stale_for', most: number): number | null => {
    const text = declared[key];
    if (text === undefined) return null;
    const ms = parseMilliseconds(text);
    if (ms === null)
      report(
        'mapping_bad_value',
        `\`${key}\` must be a duration such as \`250ms\`, \`2s\`, \`15m\` or \`1h\`, and it is \`${text}\``,
        [key],
      );
    else if (ms > most)
      report('mapping_bad_value', `\`${key}\` is ${text}, and ${inWords(most)} is the most`, [key]);
    return ms;
  };
  const deadlineMs = read('deadline', deadlineBounds.most) ?? defaultDeadlineMs;
  if (deadlineMs < deadlineBounds.least)
    report('mapping_bad_value', `\`deadline\` is ${declared.deadline}, and 50ms is the least`, ['deadline']);
  const ttl = read('ttl', longestMs);
  const ttlMs = ttl ?? 0;
  const refreshAheadMs = read('refresh_ahead', longestMs) ?? 0;
  const staleForMs = read('stale_for', longestMs) ?? 0;
  if (declared.refresh_ahead !== undefined && declared.ttl === undefined)
    report('mapping_conflict', '`refresh_ahead` needs a `ttl`', ['refresh_ahead'], 'key');
  else if (ttl !== null && refreshAheadMs >= ttl)
    report(
      'mapping_conflict',
      `\`refresh_ahead\` (${declared.refresh_ahead}) must be shorter than \`ttl\` (${declared.ttl}): else every answer would be asked for twice`,
      ['refresh_ahead'],
    );
  return { deadlineMs, ttlMs, refreshAheadMs, staleForMs };
}

const inWords = (ms: number): string => (ms >= 86_400_000 ? `${ms / 86_400_000}d` : `${ms / 1000}s`);

/** What is answered when the systems do not. */
export function fallbackOf(
  declared: LookupDeclaration,
  { staleForMs }: Times,
  report: Report,
): readonly ('stale' | 'mirror')[] {
  const { fallback } = declared;
  if (fallback === undefined) return staleForMs > 0 ? ['stale'] : [];
  for (const [index, way] of fallback.entries()) {
    if (fallback.indexOf(way) < index)
      report('mapping_unreachable', `\`${way}\` stands in \`fallback\` twice`, ['fallback', index]);
  }
  if (fallback.includes('stale') && declared.stale_for === undefined)
    report('mapping_conflict', '`stale` needs a `stale_for`, which says how old an answer may be', [
      'fallback',
      fallback.indexOf('stale'),
    ]);
  if (declared.stale_for !== undefined && !fallback.includes('stale'))
    report(
      'mapping_conflict',
      '`stale_for` means nothing without `stale` in `fallback`',
      ['stale_for'],
      'key',
    );
  const linked = Object.values(declared.ask).some(({ by_link }) => by_link !== undefined);
  if (fallback.includes('mirror') && !linked)
    report('mapping_conflict', '`mirror` needs a question with `by_link`: what was sent is kept by link', [
      'fallback',
      fallback.indexOf('mirror'),
    ]);
  return fallback;
}
