import { describe, expect, it } from 'vitest';
import { runLine } from '../../src/cli/start.ts';
import { noCounts } from '../../src/store/run.ts';

const at = new Date('2026-01-02T03:04:05Z');
const run = {
  ...noCounts,
  id: '1',
  flow: 'accounts',
  cause: 'schedule',
  startedAt: at,
  finishedAt: at,
  problem: null,
} as const;

describe('what the service says of a run', () => {
  it('is nothing when there was nothing to do', () => {
    expect(runLine({ run: { ...run, read: 7, unchanged: 7 }, stopped: null, questions: [] })).toBe('');
  });

  it('is one line with what was done, and why it stopped', () => {
    expect(runLine({ run: { ...run, created: 2, dead: 1 }, stopped: null, questions: [] })).toBe(
      '2026-01-02T03:04:05Z accounts: 2 created, 1 dead\n',
    );
    expect(
      runLine({ run, stopped: { connection: 'erp', reason: 'it does not answer' }, questions: [] }),
    ).toBe('2026-01-02T03:04:05Z accounts: stopped early: erp: it does not answer\n');
  });
});
