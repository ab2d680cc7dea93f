import { describe, expect, it } from 'vitest';
import {
  archivedSince,
  enterPhase,
  finishWindow,
  nextPhase,
  openWindow,
  positionOf,
  trustClock,
} from '../../../connectors/hubspot/cursor.ts';
import type { Position, Window } from '../../../connectors/hubspot/cursor.ts';
import { hubspotSettings } from '../../../connectors/hubspot/settings.ts';
import { Fault } from '../../../src/connector/fault.ts';

const settings = hubspotSettings.parse({ token: 't', overlapSeconds: 60, settledSeconds: 15 });
const now = new Date('2026-05-04T08:00:00.000Z');
const at = (seconds: number) => now.getTime() + seconds * 1000;
const empty = positionOf(null);
const covered = (watermark: number): Position => ({ ...empty, watermark });
const opened = (position: Position): Window => openWindow(position, now, settings)!;

function phases(position: Position, lines: boolean): string[] {
  const seen: string[] = [];
  let window = opened(position);
  for (;;) {
    seen.push(window.phase);
    const next = nextPhase(position, window, lines, now);
    if (next === null) return seen;
    window = enterPhase(position, window, next).window!;
  }
}

describe('the cursor of HubSpot', () => {
  it('begins without a lower bound, and ends before the last seconds', () => {
    expect(opened(empty)).toMatchObject({ from: null, to: at(-15), phase: 'modified', after: null });
  });

  it('reads the overlap again behind the watermark', () => {
    expect(opened(covered(at(-300)))).toMatchObject({ from: at(-360), to: at(-15) });
  });

  it('opens no window when the clock was set back beyond the overlap', () => {
    expect(openWindow(covered(at(100)), now, settings)).toBeNull();
    expect(openWindow(covered(at(10)), now, settings)).toMatchObject({ from: at(-50), to: at(-15) });
  });

  it('keeps the watermark where it was when the clock was set back a little', () => {
    const position = covered(at(10));
    expect(finishWindow(position, opened(position), now).watermark).toBe(at(10));
  });

  it("ends the window earlier when HubSpot's clock is behind, and never later when it is ahead", () => {
    const window = opened(empty);
    expect(trustClock(window, at(-600), settings).to).toBe(at(-615) + 999);
    expect(trustClock(window, at(600), settings).to).toBe(at(-15));
    expect(trustClock(window, null, settings).to).toBe(at(-15));
  });

  it('goes through the lines of deals, but not in a backfill, which reads every deal anyway', () => {
    expect(phases(covered(at(-300)), true)).toEqual(['modified', 'lines', 'archived', 'archived_lines']);
    expect(phases(empty, true)).toEqual(['modified', 'archived', 'archived_lines']);
    expect(phases(covered(at(-300)), false)).toEqual(['modified', 'archived']);
  });

  it('lists archived records every time while one page holds them, and rests a minute for each page more', () => {
    const window = opened(empty);
    const short = finishWindow(empty, { ...window, archivedPages: 1 }, now);
    expect(nextPhase(short, window, false, now)).toBe('archived');
    const long = finishWindow(empty, { ...window, archivedPages: 31 }, now);
    expect(nextPhase(long, window, false, now)).toBeNull();
    expect(nextPhase(long, window, false, new Date(at(30 * 60 - 1)))).toBeNull();
    expect(nextPhase(long, window, false, new Date(at(30 * 60)))).toBe('archived');
  });

  it('counts archived records from the last listing on, however many windows ago that was', () => {
    const listed = finishWindow(empty, { ...opened(empty), archivedPages: 31 }, now);
    const rested = finishWindow(listed, opened(listed), new Date(at(120)));
    expect(archivedSince(rested, opened(rested), settings)).toBe(at(-15 - 60));
  });

  it('refuses what it did not write', () => {
    for (const cursor of [{}, { watermark: 'x' }, { ...empty, extra: 1 }])
      expect(() => positionOf(cursor)).toThrow(Fault);
    expect(positionOf({ ...covered(5) })).toEqual(covered(5));
  });
});
