import { describe, expect, it } from 'vitest';
import { ownCauses, sharedCauses } from '../../src/sync/alert-causes.ts';
import type { CursorFacts, Facts, FlowFacts } from '../../src/sync/alert-facts.ts';

const now = new Date('2026-03-01T12:00:00Z');
const ago = (minutes: number): Date => new Date(now.getTime() - minutes * 60_000);

const aFlow = (over: Partial<FlowFacts> = {}): FlowFacts => ({
  flow: 'accounts',
  readsFrom: 'crm',
  entity: 'companies',
  freshnessSeconds: 3600,
  oldestUnsettled: null,
  caughtUpAt: ago(1),
  ...over,
});

const aCursor = (over: Partial<CursorFacts> = {}): CursorFacts => ({
  connection: 'crm',
  entity: 'companies',
  caughtUpAt: ago(60),
  movedAt: ago(60),
  ...over,
});

const well: Facts = { flows: [aFlow()], cursors: [], connections: [], pauses: [], newDead: [], alarms: [] };

const told = (facts: Partial<Facts>, due: Date | null = null): [string, string][] =>
  sharedCauses({ ...well, ...facts }, () => due, now).map(({ key, message }) => [key, message]);

const keysOf = (facts: Partial<Facts>, due: Date | null = null): string[] =>
  told(facts, due).map(([key]) => key);

describe('freshness', () => {
  it('is broken when a change waits for longer than the mapping promises', () => {
    expect(told({ flows: [aFlow({ oldestUnsettled: ago(125) })] })).toEqual([
      ['freshness_broken/accounts', 'A change of accounts has been waiting for 2 h 5 min; 1 h is promised.'],
    ]);
  });

  it('is broken when the source has not been read for longer: what changed there is not known', () => {
    expect(told({ flows: [aFlow({ caughtUpAt: ago(75) })] })).toEqual([
      [
        'freshness_broken/accounts',
        'The source of accounts has not been read to its end for 1 h 15 min; 1 h is promised.',
      ],
    ]);
  });

  it('is since the promise ran out', () => {
    const [cause] = sharedCauses({ ...well, flows: [aFlow({ oldestUnsettled: ago(90) })] }, () => null, now);
    expect(cause?.since).toEqual(ago(30));
  });

  it('is kept up to the promise, where nothing is promised, and before the first reading has ended', () => {
    expect(keysOf({ flows: [aFlow({ oldestUnsettled: ago(60) })] })).toEqual([]);
    expect(keysOf({ flows: [aFlow({ oldestUnsettled: ago(600), freshnessSeconds: null })] })).toEqual([]);
    expect(keysOf({ flows: [aFlow({ caughtUpAt: null })] })).toEqual([]);
  });

  it('is not broken by the seconds that a reading takes which is due at the end of the promise', () => {
    expect(keysOf({ flows: [aFlow({ caughtUpAt: ago(60.5) })] })).toEqual([]);
  });
});

describe('a connection', () => {
  const connection = (state: 'up' | 'held' | 'paused', minutes: number) => ({
    connections: [{ connection: 'erp', state, code: 'odoo_access_denied', since: ago(minutes), failures: 3 }],
  });

  it('that is paused is told at once', () => {
    expect(told(connection('paused', 0))).toEqual([
      [
        'connection_paused/erp',
        'Nothing is sent to erp since 2026-03-01T12:00:00Z (odoo_access_denied): it waits for a person.',
      ],
    ]);
  });

  it('that is held is told after five minutes', () => {
    expect(keysOf(connection('held', 4))).toEqual([]);
    expect(keysOf(connection('held', 5))).toEqual(['connection_held/erp']);
    expect(keysOf(connection('up', 60))).toEqual([]);
  });
});

describe('a cursor', () => {
  it('that has not moved ten minutes after its time is told', () => {
    expect(told({ cursors: [aCursor()] }, ago(15))).toEqual([
      [
        'cursor_stuck/crm/companies',
        'companies of crm should have been read at 2026-03-01T11:45:00Z; it was last read to its end at 2026-03-01T11:00:00Z.',
      ],
    ]);
  });

  it('is well while nothing is due, while it is a little late, and while pages come in', () => {
    expect(keysOf({ cursors: [aCursor()] }, null)).toEqual([]);
    expect(keysOf({ cursors: [aCursor()] }, ago(9))).toEqual([]);
    expect(keysOf({ cursors: [aCursor({ movedAt: ago(1) })] }, ago(15))).toEqual([]);
  });

  it('is told as its connection where that is closed, and as its flow where that is paused', () => {
    const held = { connection: 'crm', state: 'held' as const, code: 'x', since: ago(20), failures: 9 };
    expect(keysOf({ cursors: [aCursor()], connections: [held] }, ago(15))).toEqual(['connection_held/crm']);
    const pauses = [{ flow: 'accounts', code: 'same_fault', since: ago(20) }];
    expect(keysOf({ cursors: [aCursor()], pauses }, ago(15))).toEqual(['flow_paused/accounts']);
  });
});

describe('dead letters and alarms', () => {
  it('are told by flow and cause, with their number', () => {
    const newDead = [
      { flow: 'accounts', code: 'odoo_validation_error', count: 12, first: ago(50) },
      { flow: 'accounts', code: 'mapping_unknown_code', count: 1, first: ago(5) },
    ];
    expect(told({ newDead })).toEqual([
      [
        'dead_letters_growing/accounts/odoo_validation_error',
        '12 records of accounts became dead letters since 2026-03-01T11:10:00Z (odoo_validation_error).',
      ],
      [
        'dead_letters_growing/accounts/mapping_unknown_code',
        '1 record of accounts became dead letters since 2026-03-01T11:55:00Z (mapping_unknown_code).',
      ],
    ]);
  });

  it('of forgotten records are told', () => {
    const alarms = [{ kind: 'records_forgotten', subject: 'accounts', at: ago(3), found: 2 }];
    expect(told({ alarms })).toEqual([
      [
        'records_forgotten/accounts',
        '2 records of accounts had no job at 2026-03-01T11:57:00Z; they were queued.',
      ],
    ]);
  });

  it('of changes that only an audit found are told', () => {
    const alarms = [{ kind: 'changes_missed', subject: 'accounts', at: ago(3), found: 1 }];
    expect(told({ alarms })).toEqual([
      [
        'changes_missed/accounts',
        'An audit of accounts at 2026-03-01T11:57:00Z found a change that no reading had brought.',
      ],
    ]);
  });
});

describe('a mapping that failed to load', () => {
  const problem = (file: string, line: number) => ({
    code: 'mapping_unknown_key',
    message: 'the value `CANARY` stands in the file',
    remedy: '',
    at: { file, line, column: 1 },
  });

  it('is one cause for each file, and says whether its last good version goes on', () => {
    const problems = [problem('m/a.yaml', 3), problem('m/a.yaml', 9), problem('m/b.yaml', 1)];
    const found = ownCauses({ problems, stale: ['m/a.yaml'] }, now);
    expect(found.map(({ key, severity, message }) => [key, severity, message])).toEqual([
      [
        'mapping_not_loaded/m/a.yaml',
        'warning',
        'm/a.yaml cannot be used as it stands (mapping_unknown_key, line 3 and 1 more). Its last good version goes on.',
      ],
      [
        'mapping_not_loaded/m/b.yaml',
        'critical',
        'm/b.yaml cannot be used as it stands (mapping_unknown_key, line 1). None of its flows is carried.',
      ],
    ]);
  });

  it('is told where there is no file at all', () => {
    const problems = [{ code: 'no_mappings', message: 'none', remedy: '' }];
    expect(ownCauses({ problems, stale: [] }, now).map(({ key }) => key)).toEqual([
      'mapping_not_loaded/the mapping folder',
    ]);
  });
});
