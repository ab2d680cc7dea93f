import { afterEach, describe, expect, it } from 'vitest';
import { Fault } from '../../src/connector/fault.ts';
import type { Mapping } from '../../src/mapping/mapping.ts';
import { pauseConnection } from '../../src/store/connection-state.ts';
import { pauseFlowByPerson } from '../../src/store/flow-state.ts';
import { tellStanding } from '../../src/sync/tell-standing.ts';
import { explain, type Explanation } from '../../src/sync/explain.ts';
import { chooseLetters, listDeadLetters } from '../../src/sync/dead-letters.ts';
import { redriveLetters } from '../../src/sync/redrive.ts';
import { countStates } from '../../src/sync/record-state.ts';
import { aMapping, type Journey, startJourney } from './journey.ts';
import { readChanges } from './setting.ts';
import { type MemorySink, type MemorySource, memorySink, memorySource } from './memory-systems.ts';

let open: Journey[] = [];
afterEach(async () => {
  await Promise.all(open.map((journey) => journey.close()));
  open = [];
});

type Setting = {
  readonly source: MemorySource;
  readonly sink: MemorySink;
  readonly journey: Journey;
  readonly mapping: Mapping;
};

async function setting(over: Partial<Mapping> = {}): Promise<Setting> {
  const [source, sink] = [memorySource(), memorySink()];
  const mapping = aMapping({ flow: 'accounts', ...over });
  const journey = await startJourney({
    connections: { crm: { source, sink: null }, erp: { source: null, sink } },
    mappings: [mapping],
  });
  open.push(journey);
  return { source, sink, journey, mapping };
}

async function story({ journey, mapping }: Setting, id = 'c1'): Promise<Explanation> {
  const found = await explain(journey.context, mapping, id, { nextRun: null, historyLimit: 20 });
  if (found === null) throw new Error(`${id} was never seen`);
  return found;
}

/** Stops the journey at a step and looks at the record there. */
async function lookAt(at: Setting, step: string): Promise<Explanation> {
  let seen: Explanation | undefined;
  at.journey.at = async (reached) => {
    if (reached === step) seen ??= await story(at);
  };
  await at.journey.carry();
  if (seen === undefined) throw new Error(`the journey never reached ${step}`);
  return seen;
}

describe('P5: every record has one explainable state', () => {
  it.each([
    ['the flow', 'The flow accounts sends', 'accounts', pauseFlowByPerson],
    ['the connection', 'erp takes', 'erp', pauseConnection],
  ])('says, when a person paused %s, that a person resumes it', async (_what, who, name, pause) => {
    const at = await setting();
    at.source.put('c1', { name: 'Acme' });
    const { database } = at.journey.context;
    await pause(database, name, 'a person paused it: stocktaking');
    await at.journey.carry();
    const sentence = `${who} nothing now (a person paused it: stocktaking); it goes on when a person resumes it: causeway resume ${name}`;
    const found = await story(at);
    expect([found.record.state, found.next]).toEqual(['pending', sentence]);
    const told = await tellStanding(at.journey.context, 'accounts', 'c1', () => null);
    expect(told?.next).toBe(sentence);
  });

  it('names both commands when a person paused the flow and what it writes to', async () => {
    const at = await setting();
    at.source.put('c1', { name: 'Acme' });
    await at.journey.carry();
    const { database } = at.journey.context;
    await pauseFlowByPerson(database, 'accounts', 'a person paused it');
    await pauseConnection(database, 'erp', 'a person paused it');
    const { record, next } = await story(at);
    expect(record.state).toBe('synced');
    expect(next).toContain('causeway resume accounts and causeway resume erp');
    expect(next).not.toContain('by itself');
  });

  it('is pending when its change is committed and nothing was sent', async () => {
    const at = await setting();
    at.source.put('c1', { name: 'Acme' });
    // A run would have begun to send it by the time that anybody looks.
    await readChanges(at.journey);
    const { record, headline } = await story(at);
    expect(record.state).toBe('pending');
    expect(headline).toBe(
      'It is not in the ERP yet; a change waits to be sent, because it changed in the source.',
    );
  });

  it('is sending while its batch is on the wire', async () => {
    const at = await setting();
    at.source.put('c1', { name: 'Acme' });
    expect((await lookAt(at, 'intents_committed')).record.state).toBe('sending');
  });

  it('is synced when the ERP has answered', async () => {
    const at = await setting();
    at.source.put('c1', { name: 'Acme' });
    await at.journey.carry();
    const { record, headline, history } = await story(at);
    expect(record.state).toBe('synced');
    expect(headline).toBe('It is accounts 1 in the ERP, and the ERP holds its newest state.');
    expect(history.map(({ event }) => event)).toEqual(['created']);
  });

  it('is in doubt when a create was sent and not answered', async () => {
    const at = await setting();
    at.source.put('c1', { name: 'Acme' });
    let calls = 0;
    at.sink.after = () => {
      if (++calls === 1) throw new Fault({ kind: 'ambiguous', code: 'no_answer', message: 'no answer came' });
    };
    let doubtful: Explanation | undefined;
    at.journey.at = async (step) => {
      if (step === 'settled') doubtful ??= await story(at);
    };
    await at.journey.carry();
    expect(doubtful?.record.state).toBe('in_doubt');
    expect(doubtful?.headline).toContain('looked up by its external key before anything is sent again');
    expect((await story(at)).record.state).toBe('synced');
  });

  it('is retrying after a failure of its own, with the number of attempts and the next time', async () => {
    const at = await setting();
    at.source.put('c1', { name: 'Acme' });
    let refusals = 0;
    at.sink.refuse = () =>
      ++refusals > 1
        ? null
        : new Fault({ kind: 'transient', code: 'locked', message: 'the record is locked' });
    let retrying: Explanation | undefined;
    at.journey.at = async (step) => {
      if (step === 'settled') retrying ??= await story(at);
    };
    await at.journey.carry();
    expect(retrying?.record).toMatchObject({ state: 'retrying', attempts: 1, code: 'locked' });
    expect(retrying?.record.nextAt).toBeInstanceOf(Date);
    expect((await story(at)).record.state).toBe('synced');
  });

  it('is skipped with the reason when the mapping leaves it out', async () => {
    const at = await setting({
      run: () => ({ kind: 'skipped', code: 'only_when', reason: 'stage is not closedwon' }),
    });
    at.source.put('c1', { name: 'Acme' });
    await at.journey.carry();
    expect((await story(at)).headline).toBe(
      'It is not in the ERP; the mapping leaves it out: stage is not closedwon.',
    );
  });

  it('is dead with every problem when the mapping rejects it, and pending again when it is redriven', async () => {
    const problems = [
      { code: 'bad_country', field: 'country_id', message: '"Atlantis" is no country' },
      { code: 'too_long', field: 'name', message: 'is too long' },
    ];
    const at = await setting({ run: () => ({ kind: 'rejected', problems }) });
    at.source.put('c1', { name: 'Acme' });
    await at.journey.carry();
    expect(
      (await listDeadLetters(at.journey.context.database, at.mapping, 10)).map(({ sourceId, fields }) => [
        sourceId,
        fields.map(({ field }) => field),
      ]),
    ).toEqual([['c1', ['country_id', 'name']]]);
    const { signal } = new AbortController();
    const { letters } = await chooseLetters(
      at.journey.context.database,
      at.mapping,
      { ids: ['c1', 'c2'] },
      signal,
    );
    const redriven = await redriveLetters(at.journey.context, at.mapping, letters, {
      from: 'source',
      priority: 'interactive',
      onPage: () => {},
      signal,
    });
    expect(redriven).toEqual({ queued: ['c1'], changed: [], unknown: [] });
    expect((await story(at)).record).toMatchObject({ state: 'pending', reason: 'a person sent it again' });
    expect(await listDeadLetters(at.journey.context.database, at.mapping, 10)).toEqual([]);
  });

  it('is no longer dead when the record is mended in the source', async () => {
    const at = await setting();
    at.source.put('c1', { name: 'bad' });
    at.sink.refuse = (item) =>
      item.fields['name'] === 'bad'
        ? new Fault({ kind: 'invalid_record', code: 'refused', message: 'no' })
        : null;
    await at.journey.carry();
    expect((await story(at)).record.state).toBe('dead');
    at.source.put('c1', { name: 'good' });
    await at.journey.carry();
    expect((await story(at)).record.state).toBe('synced');
    const left = await at.journey.context.database.query(
      `select 1 from causeway_jobs.job where name = 'push/accounts/dead'`,
    );
    expect(left.rows).toEqual([]);
  });

  it('is removed when the source record is deleted and the flow says so, and kept when it says that', async () => {
    const removing = await setting({ whenDeleted: 'delete' });
    removing.source.put('c1', { name: 'Acme' });
    await removing.journey.carry();
    removing.source.remove('c1');
    await removing.journey.carry();
    expect([removing.sink.records.size, (await story(removing)).record.state]).toEqual([0, 'removed']);
    const keeping = await setting({ whenDeleted: 'keep' });
    keeping.source.put('c1', { name: 'Acme' });
    await keeping.journey.carry();
    keeping.source.remove('c1');
    await keeping.journey.carry();
    expect([keeping.sink.records.size, (await story(keeping)).record.state]).toEqual([1, 'skipped']);
  });

  it('follows a merge: the surviving record takes over the ERP record and nothing is created', async () => {
    const at = await setting();
    at.source.put('c1', { name: 'Acme' });
    await at.journey.carry();
    at.source.merge('c1', 'c9');
    at.source.put('c9', { name: 'Acme united' });
    await at.journey.carry();
    expect([...at.sink.records.values()].map(({ fields }) => fields['name'])).toEqual(['Acme united']);
    expect((await story(at)).record).toMatchObject({ state: 'removed', code: 'merged' });
    expect((await story(at, 'c9')).record).toMatchObject({ state: 'synced', targetId: '1' });
  });

  it('counts every record in exactly one state', async () => {
    const at = await setting();
    for (let n = 0; n < 30; n++) at.source.put(`c${n}`, { name: n % 3 === 0 ? 'bad' : 'good' });
    at.sink.refuse = (item) =>
      item.fields['name'] === 'bad'
        ? new Fault({ kind: 'invalid_record', code: 'refused', message: 'no' })
        : null;
    await at.journey.carry();
    at.source.put('c1', { name: 'changed' });
    const { counts } = await countStates(at.journey.context.database, at.mapping);
    expect(counts).toEqual({
      pending: 0,
      waiting: 0,
      sending: 0,
      in_doubt: 0,
      retrying: 0,
      synced: 20,
      skipped: 0,
      dead: 10,
      removed: 0,
    });
  });
});

describe('P8: a sick system kills no records', () => {
  it('uses up no attempts while the ERP is down, sends one record as a probe, and resumes alone', async () => {
    const at = await setting();
    for (let n = 0; n < 40; n++) at.source.put(`c${n}`, { name: `Company ${n}` });
    let calls = 0;
    at.sink.before = () => {
      if (++calls <= 3)
        throw new Fault({
          kind: 'transient',
          code: 'connection_refused',
          message: 'the ERP does not answer',
          retryAfterMs: 20,
        });
    };
    const runs = await at.journey.carry();
    expect(at.sink.records.size).toBe(40);
    expect(at.sink.batches.map((batch) => batch.length).slice(0, 4)).toEqual([40, 1, 1, 1]);
    expect(runs.reduce((sum, { run }) => sum + run.dead, 0)).toBe(0);
  });

  it('pauses the connection when the credentials are refused, and says so', async () => {
    const at = await setting();
    at.source.put('c1', { name: 'Acme' });
    const refused = new Fault({ kind: 'auth', code: 'bad_key', message: 'the API key was refused' });
    at.sink.before = () => {
      throw refused;
    };
    at.sink.check = () => Promise.reject(refused);
    const runs = await at.journey.carry();
    expect(runs.at(-1)?.stopped).toEqual({ connection: 'erp', reason: 'the API key was refused' });
    expect(await story(at)).toMatchObject({
      record: { state: 'pending', attempts: 0 },
      next: expect.stringContaining('the API key was refused'),
    });
  });
});
