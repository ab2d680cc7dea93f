import { describe, expect, it } from 'vitest';
import { decide, type Decision } from '../../src/sync/decide.ts';
import type { Standing } from '../../src/store/link.ts';
import { aMapping, given } from '../mapping/a-mapping.ts';

const mapping = aMapping(`fields:
  name: { from: name }
  origin: { value: crm, write_on: create }
  since: { expr: 'now()', write_on: create }
  revised: { from: revised, write_on: update }
`);

const standing: Standing = {
  sourceId: '1',
  version: '1',
  record: { name: 'Acme', revised: 'yes' },
  deleted: false,
  mergedInto: null,
  externalKey: null,
  targetId: null,
  fingerprint: null,
  intent: null,
  state: null,
  code: null,
  reason: null,
  attempts: 0,
  requests: '0',
  wished: false,
  mappingHash: null,
  behind: true,
  ours: true,
  traceId: null,
  due: null,
};
const known = { linked: given.linked, now: '2026-01-31T09:30:00Z', found: null };

function sent(decision: Decision): { do: string; fields: unknown } {
  if (decision.do !== 'create' && decision.do !== 'update') throw new Error(decision.do);
  return { do: decision.do, fields: decision.item.fields };
}
const fingerprintOf = (decision: Decision): Buffer => {
  if (!('fingerprint' in decision)) throw new Error(decision.do);
  return decision.fingerprint;
};

describe('what is sent of a record', () => {
  it('leaves the fields of updates out when the record is created', () => {
    expect(sent(decide(mapping, standing, known))).toEqual({
      do: 'create',
      fields: { name: 'Acme', origin: 'crm', since: '2026-01-31T09:30:00Z' },
    });
  });

  it('leaves the fields of creates out when the record is updated', () => {
    expect(sent(decide(mapping, { ...standing, targetId: '7' }, known))).toEqual({
      do: 'update',
      fields: { name: 'Acme', revised: 'yes' },
    });
  });

  it('is nothing right after a create, neither for a field of updates nor because time goes on', () => {
    const fingerprint = fingerprintOf(decide(mapping, standing, known));
    const created = { ...standing, targetId: '7', fingerprint };
    const later = { ...known, now: '2026-02-01T00:00:00Z' };
    expect(decide(mapping, created, later)).toMatchObject({ do: 'unchanged', targetId: '7' });
    const changed = { ...created, record: { name: 'Acme', revised: 'no' } };
    expect(sent(decide(mapping, changed, later))).toEqual({
      do: 'update',
      fields: { name: 'Acme', revised: 'no' },
    });
  });

  it('finishes a create that was found after a doubt without the fields of updates', () => {
    const found = decide(mapping, standing, { ...known, found: '7' });
    expect(sent(found)).toEqual({ do: 'update', fields: { name: 'Acme' } });
    expect(fingerprintOf(found)).toEqual(fingerprintOf(decide(mapping, standing, known)));
    const settled = { ...standing, targetId: '7', fingerprint: fingerprintOf(found) };
    expect(decide(mapping, settled, known)).toMatchObject({ do: 'unchanged' });
  });
});

describe('a record that was removed from the ERP', () => {
  const leaving = aMapping(
    `only_when: name != "Acme"\nwhen_it_leaves: cancel\nfields:\n  name: { from: name }\n`,
  );
  const linked = { ...standing, targetId: '42' };

  it('is removed once, and not again with every change in the source', () => {
    expect(decide(leaving, { ...linked, state: 'synced' }, known)).toMatchObject({
      do: 'remove',
      how: 'cancel',
    });
    const removed = {
      ...linked,
      state: 'removed',
      code: 'removed',
      reason: 'left; cancel was done',
    } as const;
    expect(decide(leaving, removed, known)).toEqual({
      do: 'gone',
      code: 'removed',
      reason: 'left; cancel was done',
    });
  });

  it('is removed again when a person asks for it', () => {
    expect(decide(leaving, { ...linked, state: 'pending', code: 'resync' }, known)).toMatchObject({
      do: 'remove',
    });
  });

  it('is removed only if Causeway created it, or was about to and got no answer', () => {
    expect(decide(leaving, { ...linked, state: 'synced', ours: false }, known)).toEqual({
      do: 'skip',
      code: 'not_created_here',
      reason: expect.stringContaining('the ERP record 42 stays, because Causeway did not create it'),
    });
    const found = { ...known, found: '42' };
    expect(decide(leaving, { ...standing, ours: false }, found)).toMatchObject({
      do: 'remove',
      targetId: '42',
    });
  });
});
