import { describe, expect, it } from 'vitest';
import { progressBoard, renderLine } from '../../src/cli/progress.ts';

const at = (seconds: number): Date => new Date(Date.UTC(2026, 0, 1, 0, 0, seconds));

describe('the progress of a flow', () => {
  it('says done, total, rate and time left, and counts what is still to be read', () => {
    let now = at(0);
    const board = progressBoard(() => now);
    board.take({ flow: 'orders', kind: 'read', read: 200, total: 830, queued: 200 });
    now = at(10);
    board.take({ flow: 'orders', kind: 'settled', counts: { created: 100 } });
    const [line] = board.lines(now);
    expect(line).toEqual({
      flow: 'orders',
      done: 100,
      total: 830,
      perSecond: 10,
      secondsLeft: 73,
      waiting: null,
    });
    expect(line && renderLine(line, 6)).toBe(
      '  orders ███░░░░░░░░░░░░░░░░░░░░░       100/830     10/s  73 s left',
    );
  });

  it('counts a record once in the total when it was read again unchanged', () => {
    const board = progressBoard(() => at(0));
    board.take({ flow: 'accounts', kind: 'read', read: 91, total: 91, queued: 3 });
    board.take({ flow: 'accounts', kind: 'settled', counts: { unchanged: 3 } });
    expect(board.lines(at(1))[0]).toMatchObject({ done: 3, total: 3, secondsLeft: 0 });
  });

  it('keeps its rate when it has caught up', () => {
    let now = at(0);
    const board = progressBoard(() => now);
    board.take({ flow: 'accounts', kind: 'read', read: 50, total: 50, queued: 50 });
    now = at(5);
    board.take({ flow: 'accounts', kind: 'settled', counts: { created: 50 } });
    expect(board.lines(at(100))[0]?.perSecond).toBe(10);
  });

  it('says until when it waits, and for what', () => {
    const board = progressBoard(() => at(0));
    board.take({ flow: 'accounts', kind: 'waiting_until', until: at(30), reason: 'the ERP does not answer' });
    expect(board.lines(at(1))[0]?.waiting).toBe('waits until 00:00:30: the ERP does not answer');
  });
});
