import { afterEach, describe, expect, it } from 'vitest';
import type { ServerParts } from '../../src/http/server.ts';
import type { CompiledMapping } from '../../src/mapping/compile.ts';
import { Fault } from '../../src/connector/fault.ts';
import { redriveLetters } from '../../src/sync/redrive.ts';
import { serverOver } from '../http/serving.ts';
import { serving } from './requested-work.ts';
import { between, closeAll, once, readChanges, type Setting, sql } from './setting.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
  await closeAll();
});

const keys = {
  one: '"8e03978e-40d5-43e8-bc93-6894a57f9324"',
  other: '"0c9c1f5e-1d3e-4a2e-8b57-2f4a4a1f9a10"',
};

type Status = {
  readonly id: string;
  readonly state: string;
  readonly message: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly nextCheckAfterSeconds: number | null;
  readonly records: readonly {
    readonly id: string;
    readonly outcome: string;
    readonly targetId: string | null;
  }[];
};

/** A server over a journey, and what a service does with requested work beside it. */
async function client(at: Setting, over: Partial<ServerParts> = {}, works = true) {
  const { context } = at.journey;
  const service = works ? serving(at.journey) : null;
  const current = () => context.mappings() as readonly CompiledMapping[];
  const app = serverOver(context.database, {
    mappings: context.mappings,
    folder: { current, stale: () => [], problems: () => [], described: () => ({}) },
    newWork: { ring: () => service?.ring() },
    ...over,
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  cleanups.push(async () => {
    await app.close();
    await service?.stop();
  });
  const call = async (method: string, path: string, body?: unknown, headers: object = {}) => {
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const json = (await answer.json()) as Status & { code?: string; errors?: unknown[]; detail?: string };
    return { status: answer.status, headers: answer.headers, json };
  };
  return {
    ask: (body: unknown, headers: object = {}) => call('POST', '/v1/resyncs', body, headers),
    get: (path: string, headers: object = {}) => call('GET', path, undefined, headers),
    redrive: (body: unknown) => call('POST', '/v1/dead-letters/redrive', body),
    cancel: (id: string) => call('POST', `/v1/resyncs/${id}/cancel`),
  };
}

async function carried(records: readonly string[] = ['c1', 'c2']): Promise<Setting> {
  const at = await between();
  for (const id of records) at.source.put(id, { name: id });
  await at.journey.carry();
  return at;
}

const requests = (at: Setting) => sql(at.journey, 'select id from resync_request');

describe('POST /v1/resyncs', () => {
  it('answers with 202 and where to look, and the work is done', async () => {
    const at = await carried(['c1']);
    const http = await client(at);
    const { status, headers, json } = await http.ask({ flow: 'accounts', ids: ['c1'] });
    expect([status, json.state, json.nextCheckAfterSeconds]).toEqual([202, 'queued', 2]);
    expect(headers.get('location')).toBe(`/v1/resyncs/${json.id}`);
    expect(headers.get('retry-after')).toBe('2');
    const done = await http.get(`/v1/resyncs/${json.id}`, { prefer: 'wait=20' });
    expect(done.headers.get('preference-applied')).toBe('wait=20');
    expect(done.headers.get('retry-after')).toBeNull();
    expect(done.json).toMatchObject({
      state: 'done',
      message: 'It is done: the record is in step with the ERP.',
      nextCheckAfterSeconds: null,
      counts: { asked: 1, synced: 1, pending: 0 },
      records: [{ id: 'c1', outcome: 'synced', targetId: '1' }],
    });
    const list = await http.get('/v1/resyncs?flow=accounts');
    expect(list.json).toMatchObject({ resyncs: [{ id: json.id, state: 'done' }] });
  });

  it('answers with 200 and the outcome when it is in time, and with 202 when it is not', async () => {
    const at = await carried();
    const http = await client(at);
    const good = await http.ask({ flow: 'accounts', ids: ['c1'] }, { prefer: 'respond-async, wait=20' });
    expect([good.status, good.json.state, good.json.counts['synced']]).toEqual([200, 'done', 1]);
    const gate = Promise.withResolvers<void>();
    cleanups.push(() => gate.resolve());
    at.sink.before = once(() => gate.promise);
    const late = await http.ask({ flow: 'accounts', ids: ['c2'] }, { prefer: 'wait=1' });
    expect([late.status, late.json.counts['pending']]).toEqual([202, 1]);
    gate.resolve();
    const later = await http.get(late.headers.get('location') ?? '', { prefer: 'wait=20' });
    expect(later.json.state).toBe('done');
  });

  it('has the record sent and answered within a second or so', async () => {
    const at = await carried();
    const http = await client(at);
    await http.ask({ flow: 'accounts', ids: ['c2'] }, { prefer: 'wait=20' });
    const began = performance.now();
    expect((await http.ask({ flow: 'accounts', ids: ['c1'] }, { prefer: 'wait=20' })).status).toBe(200);
    expect(performance.now() - began).toBeLessThan(5000);
  });

  it('refuses what cannot be carried out, with everything that is in the way, and stores nothing', async () => {
    const at = await carried();
    const http = await client(at);
    const wrong = { flow: 'acounts', where: 'name ==', all: true, callback: { url: 'https://example.com/' } };
    const { status, json } = await http.ask(wrong, { 'idempotency-key': keys.one });
    expect([status, json.code]).toEqual([422, 'resync_refused']);
    expect(json.errors).toMatchObject([
      { field: 'flow', message: expect.stringContaining('did you mean') as string },
      { field: 'all', message: expect.stringContaining('exactly one of') as string },
      { field: 'where' },
      { field: 'callback.url', message: expect.stringContaining('http.callbacks.secret') as string },
    ]);
    const more = await http.ask({ flow: 'accounts', ids: [], extra: 1 });
    expect([more.status, more.json.code]).toEqual([400, 'bad_request']);
    expect(await requests(at)).toEqual([]);
  });

  it.each([
    'http://127.0.0.1/x',
    'https://127.0.0.1/x',
    'https://[::1]/x',
    'https://10.1.2.3/x',
    'https://localhost/x',
    'https://user:pass@example.com/x',
    'ftp://example.com/x',
    'nonsense',
  ])('refuses to call back %s unless that is allowed', async (url) => {
    const at = await between();
    const http = await client(at, { callbacks: { allowPrivate: false } }, false);
    const { status, json } = await http.ask({ flow: 'accounts', ids: ['c1'], callback: { url } });
    expect([status, json.code, json.errors?.length]).toEqual([422, 'resync_refused', 1]);
    expect(json.detail).not.toContain(url);
  });
});

describe('an Idempotency-Key', () => {
  it('asks for the same thing once, however often it is sent', async () => {
    const at = await carried();
    const http = await client(at);
    const first = await http.ask({ flow: 'accounts', all: true }, { 'idempotency-key': keys.one });
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    const second = await http.ask(
      { all: true, flow: 'accounts' },
      { 'idempotency-key': keys.one, prefer: 'wait=20' },
    );
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect([second.status, second.json.id]).toEqual([200, first.json.id]);
    expect(second.headers.get('location')).toBe(first.headers.get('location'));
    expect(await requests(at)).toHaveLength(1);
  });

  it('is refused with other contents, and with none where it is needed', async () => {
    const at = await carried();
    const http = await client(at, {}, false);
    await http.ask({ flow: 'accounts', ids: ['c1'] }, { 'idempotency-key': keys.one });
    const other = await http.ask({ flow: 'accounts', ids: ['c2'] }, { 'idempotency-key': keys.one });
    expect([other.status, other.json.code]).toEqual([422, 'idempotency_key_reused']);
    const none = await http.ask({ flow: 'accounts', all: true });
    expect([none.status, none.json.code]).toEqual([400, 'idempotency_key_missing']);
    expect((await http.ask({ flow: 'accounts', ids: ['c2'] })).status).toBe(202);
    expect(await requests(at)).toHaveLength(2);
  });

  it.each(['8e03978e-40d5-43e8-bc93-6894a57f9324', '""', '"a', '"é"', '"a", "b"', `"${'x'.repeat(256)}"`])(
    'is refused when it is no string of structured fields: %s',
    async (key) => {
      const at = await between();
      const http = await client(at, {}, false);
      const encoded = Buffer.from(key).toString('latin1');
      const { status, json } = await http.ask(
        { flow: 'accounts', ids: ['c1'] },
        { 'idempotency-key': encoded },
      );
      expect([status, json.code]).toEqual([400, 'idempotency_key_malformed']);
    },
  );

  it('is busy while a request with it is being stored', async () => {
    const at = await carried();
    const http = await client(at, {}, false);
    const held = await at.journey.context.database.connect();
    await held.query('begin');
    await held.query('select pg_advisory_xact_lock(hashtextextended($1, 44))', [
      JSON.stringify(['anybody on this machine', keys.one.slice(1, -1)]),
    ]);
    const busy = await http.ask({ flow: 'accounts', ids: ['c1'] }, { 'idempotency-key': keys.one });
    expect([busy.status, busy.json.code, busy.headers.get('retry-after')]).toEqual([
      409,
      'idempotency_key_busy',
      '1',
    ]);
    await held.query('rollback');
    held.release();
    expect((await http.ask({ flow: 'accounts', ids: ['c1'] }, { 'idempotency-key': keys.one })).status).toBe(
      202,
    );
  });

  it('stores one request when it is sent many times at once', async () => {
    const at = await carried();
    const http = await client(at, {}, false);
    const answers = await Promise.all(
      Array.from({ length: 8 }, () =>
        http.ask({ flow: 'accounts', all: true }, { 'idempotency-key': keys.one }),
      ),
    );
    expect(answers.every(({ status }) => status === 202 || status === 409)).toBe(true);
    expect(await requests(at)).toHaveLength(1);
  });

  it('stands for nothing any more after a day', async () => {
    const at = await carried();
    const http = await client(at, {}, false);
    const first = await http.ask({ flow: 'accounts', ids: ['c1'] }, { 'idempotency-key': keys.one });
    await sql(at.journey, `update idempotency_key set expires_at = now() - interval '1 second'`);
    const second = await http.ask({ flow: 'accounts', ids: ['c2'] }, { 'idempotency-key': keys.one });
    expect(second.status).toBe(202);
    expect(second.json.id).not.toBe(first.json.id);
  });

  it('belongs to the API key that used it', async () => {
    const at = await carried();
    const http = await client(at, {}, false);
    await http.ask({ flow: 'accounts', ids: ['c1'] }, { 'idempotency-key': keys.one });
    await sql(at.journey, `update idempotency_key set scope = 'another key'`);
    const { status } = await http.ask({ flow: 'accounts', ids: ['c2'] }, { 'idempotency-key': keys.one });
    expect(status).toBe(202);
  });
});

describe('cancelling over HTTP', () => {
  it('answers with what was taken back', async () => {
    const at = await carried();
    const http = await client(at, {}, false);
    const { json } = await http.ask({ flow: 'accounts', ids: ['c1', 'c2'] });
    const cancelled = await http.cancel(json.id);
    expect([cancelled.status, cancelled.json.state, cancelled.json.counts['cancelled']]).toEqual([
      200,
      'cancelled',
      2,
    ]);
    expect((await http.cancel(json.id)).json.message).toBe('It was cancelled before anything was sent.');
    expect((await http.cancel('8e03978e-40d5-43e8-bc93-6894a57f9324')).status).toBe(404);
    expect((await http.get('/v1/resyncs/nonsense')).status).toBe(400);
  });

  it('comes too late for what is done', async () => {
    const at = await carried();
    const http = await client(at);
    const { json } = await http.ask({ flow: 'accounts', ids: ['c1'] }, { prefer: 'wait=20' });
    const late = await http.cancel(json.id);
    expect([late.status, late.json.state, late.json.counts['cancelled']]).toEqual([200, 'done', 0]);
  });
});

describe('GET /v1/flows/{flow}/records/{id}', () => {
  type Record = { state: string; message: string; nextCheckAfterSeconds: number | null; erp: unknown };

  it('tells of a record that is in the ERP, and where to look at it there', async () => {
    const at = await carried(['c1']);
    const recordUrl = (connection: string, entity: string, id: string) =>
      `https://${connection}/${entity}/${id}`;
    const http = await client(at, { recordUrl });
    const { json } = await http.get('/v1/flows/accounts/records/c1');
    expect(json).toMatchObject({
      state: 'synced',
      message: 'It is accounts 1 in the ERP, and the ERP holds its newest state.',
      nextCheckAfterSeconds: null,
      promisedBy: null,
      erp: { connection: 'erp', entity: 'accounts', id: '1', url: 'https://erp/accounts/1', numbers: {} },
      mapping: 'hash of accounts',
    });
  });

  it('says when to look again by what is known: the next run, or the time until which the ERP is left alone', async () => {
    const at = await carried();
    at.source.put('c1', { name: 'new' });
    await readChanges(at.journey);
    const soon = (seconds: number) => () => new Date(Date.now() + seconds * 1000);
    const look = async (nextRun: () => Date | null) => {
      const http = await client(at, { nextRun }, false);
      return (await http.get('/v1/flows/accounts/records/c1')).json as unknown as Record;
    };
    expect((await look(soon(600))).nextCheckAfterSeconds).toBeGreaterThan(595);
    expect((await look(() => null)).nextCheckAfterSeconds).toBe(300);
    await sql(
      at.journey,
      `insert into connection_state (connection, state, code, reason, since, until) values ('erp', 'held', 'x', 'down', now(), now() + interval '20 minutes')
       on conflict (connection) do update set state = 'held', code = 'x', reason = 'down', until = excluded.until`,
    );
    const held = await look(soon(600));
    expect(held.nextCheckAfterSeconds).toBeGreaterThan(1190);
    expect(held).toMatchObject({
      state: 'pending',
      stopped: [{ what: 'erp', kind: 'held', reason: 'down' }],
    });
  });

  it('waits until the record is settled', async () => {
    const at = await carried();
    const http = await client(at);
    at.source.put('c1', { name: 'new' });
    await readChanges(at.journey);
    const waiting = http.get('/v1/flows/accounts/records/c1', { prefer: 'wait=20' });
    await at.journey.carry();
    expect((await waiting).json.state).toBe('synced');
  });
});

describe('dead letters over HTTP', () => {
  it('are listed by their cause, and sent again', async () => {
    const at = await between();
    const refusal = new Fault({ kind: 'invalid_record', code: 'memory_refused', message: 'no' });
    at.sink.refuse = () => refusal;
    for (const id of ['c1', 'c2']) at.source.put(id, { name: id });
    await at.journey.carry();
    at.sink.refuse = () => null;
    const woken: string[] = [];
    const { context } = at.journey;
    const http = await client(at, {
      waker: { wake: (flow) => void woken.push(flow) },
      redrive: (mapping, letters, priority, signal) =>
        redriveLetters(context, mapping, letters, { from: 'source', priority, onPage: () => {}, signal }),
    });
    const { json } = await http.get('/v1/dead-letters?flow=accounts');
    expect(json).toMatchObject({
      total: 2,
      groups: [{ flow: 'accounts', code: 'memory_refused', count: 2 }],
    });
    const sent = await http.redrive({ flow: 'accounts', all: true });
    expect([sent.status, sent.json, woken]).toEqual([
      202,
      { queued: 2, changed: 0, unknown: [], left: 0 },
      ['accounts'],
    ]);
    await at.journey.carry();
    expect((await http.get('/v1/dead-letters')).json).toMatchObject({ total: 0, groups: [] });
    expect((await http.redrive({ flow: 'accounts' })).status).toBe(400);
    expect((await http.redrive({ flow: 'none', all: true })).status).toBe(404);
  });

  it('stay when the source does not answer, and the caller is told when to try again', async () => {
    const at = await between();
    const http = await client(at, {
      redrive: async () => {
        throw new Fault({ kind: 'rate_limited', code: 'memory_busy', message: 'busy', retryAfterMs: 20_000 });
      },
    });
    const { status, headers, json } = await http.redrive({ flow: 'accounts', all: true });
    expect([status, json.code, headers.get('retry-after')]).toEqual([503, 'source_unreachable', '20']);
  });
});

describe('GET /v1/flows/{flow}', () => {
  it('tells of lag, promise, counts, runs and what stops it', async () => {
    const at = await carried();
    at.sink.refuse = () => new Fault({ kind: 'invalid_record', code: 'memory_refused', message: 'no' });
    at.source.put('c2', { name: 'new' });
    await at.journey.carry();
    const http = await client(at, {}, false);
    const { status, json } = await http.get('/v1/flows/accounts');
    expect(status).toBe(200);
    expect(json).toMatchObject({
      flow: 'accounts',
      records: { synced: 1, dead: 1, pending: 0 },
      lagSeconds: 0,
      freshness: null,
      lastRun: { cause: 'sync', counts: { dead: 1 }, problem: null },
      stopped: [],
      mapping: { version: 'hash of accounts', file: 'accounts.yaml', problems: [] },
    });
    expect((await http.get('/v1/flows/none')).status).toBe(404);
    expect((await http.get('/v1/flows')).json).toMatchObject({ flows: [json] });
  });
});
