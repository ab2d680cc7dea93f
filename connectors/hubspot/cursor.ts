/**
 * Where reading resumes. A catch-up reads one frozen window in phases: the objects modified in it, then (for deals)
 * the line items modified in it, then what was archived. Every phase is keyed by the id of the last object read, so
 * it can stop and resume at any page; the watermark moves once, when the window is finished.
 */
import { z } from 'zod';
import type { Cursor } from '../../src/connector/contract.ts';
import { Fault } from '../../src/connector/fault.ts';
import type { HubSpotSettings } from './settings.ts';

const phases = ['modified', 'lines', 'archived', 'archived_lines'] as const;
type Phase = (typeof phases)[number];

const windowSchema = z.strictObject({
  /** Epoch milliseconds, inclusive; null reads from the beginning. */
  from: z.int().nullable(),
  to: z.int(),
  phase: z.enum(phases),
  /** The last object read in this phase. */
  after: z.string().nullable(),
  /** Objects read in this phase. */
  read: z.int(),
  /** Pages of archived objects read in this window. */
  archivedPages: z.int(),
});

const positionSchema = z.strictObject({
  /** Everything stamped until this instant is covered; null before the first window is finished. */
  watermark: z.int().nullable(),
  /** Archived objects are known until `until`, and not listed again before `restUntil`. */
  archived: z.strictObject({ until: z.int(), restUntil: z.int() }).nullable(),
  window: windowSchema.nullable(),
});

export type Window = z.output<typeof windowSchema>;
export type Position = z.output<typeof positionSchema>;

const start: Position = { watermark: null, archived: null, window: null };

/**
 * HubSpot lists archived objects of the last 90 days and filters them by nothing, so the listing is as long as the
 * deletions of a season. It rests a minute for every page beyond the first.
 */
const restPerPageMs = 60_000;

export function positionOf(cursor: Cursor | null): Position {
  if (cursor === null) return start;
  const parsed = positionSchema.safeParse(cursor);
  if (parsed.success) return parsed.data;
  throw new Fault({
    kind: 'config',
    code: 'hubspot_cursor_unreadable',
    message: 'The stored cursor was not made by this HubSpot connector. Rewind it to read again.',
  });
}

/** Reads again what was modified and what was archived since an instant; null is the beginning. */
export function positionFrom(instant: Date | null): Position {
  const since = instant?.getTime() ?? null;
  return { watermark: since, archived: { until: since ?? 0, restUntil: 0 }, window: null };
}

/**
 * Freezes the window [watermark - overlap, now - settled]. It is null when that lies wholly in the past already:
 * the clock was set back, and there is nothing new to read.
 */
export function openWindow(position: Position, now: Date, settings: HubSpotSettings): Window | null {
  const to = now.getTime() - settings.settledSeconds * 1000;
  const from = position.watermark === null ? null : position.watermark - settings.overlapSeconds * 1000;
  if (from !== null && to < from) return null;
  return { from, to, phase: 'modified', after: null, read: 0, archivedPages: 0 };
}

/**
 * Ends the window earlier when HubSpot's clock is behind ours: it makes the stamps, so what it has yet to stamp
 * must not be taken for covered.
 */
export function trustClock(window: Window, date: number | null, settings: HubSpotSettings): Window {
  if (date === null) return window;
  // A `Date` header names the second, which may be nearly over.
  const theirs = date + 999;
  return { ...window, to: Math.min(window.to, theirs - settings.settledSeconds * 1000) };
}

/** The next phase of a window, or null when it was the last. `lines` says whether deals are read with their lines. */
export function nextPhase(position: Position, window: Window, lines: boolean, now: Date): Phase | null {
  const rests = position.archived !== null && now.getTime() < position.archived.restUntil;
  const due = {
    modified: true,
    lines: lines && window.from !== null,
    archived: !rests,
    archived_lines: lines && !rests,
  };
  const later = phases.slice(phases.indexOf(window.phase) + 1);
  return later.find((phase) => due[phase]) ?? null;
}

export function enterPhase(position: Position, window: Window, phase: Phase): Position {
  return { ...position, window: { ...window, phase, after: null, read: 0 } };
}

/** The watermark never moves back, and never past the end of the window: a row's own stamp has no say in it. */
export function finishWindow(position: Position, window: Window, now: Date): Position {
  const watermark = Math.max(window.to, position.watermark ?? window.to);
  if (window.archivedPages === 0) return { ...position, watermark, window: null };
  const restUntil = now.getTime() + (window.archivedPages - 1) * restPerPageMs;
  return { watermark, archived: { until: window.to, restUntil }, window: null };
}

/** From when archived objects count: what was archived before the first catch-up was never read. */
export function archivedSince(position: Position, window: Window, settings: HubSpotSettings): number {
  return (position.archived?.until ?? window.to) - settings.overlapSeconds * 1000;
}
