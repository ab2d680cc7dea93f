import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { keyRing } from '../../src/http/access.ts';
import { freshKey } from '../../src/http/api-key.ts';
import { addApiKey, listApiKeys, revokeApiKey } from '../../src/store/api-key.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { serverOver } from '../http/serving.ts';
import { freshDatabase, type TestDatabase } from './postgres.ts';

let own: TestDatabase;
let database: Database;
let clock = Date.parse('2026-03-01T10:00:00Z');
const log = pino({ level: 'silent' });
const now = (): Date => new Date(clock);

beforeAll(async () => {
  own = await freshDatabase();
  database = openDatabase(own.url, { max: 4, onError: () => {} });
});
afterAll(async () => {
  await database.end();
  await own.drop();
});
beforeEach(() => database.query('delete from api_key'));

type Made = { readonly id: string; readonly text: string };

async function make(scopes: readonly string[], expiresAt: Date | null = null): Promise<Made> {
  const key = freshKey(randomBytes);
  const { id, hash, text } = key;
  await addApiKey(database, { id, hash, name: 'a test', scopes, createdBy: 'nobody', expiresAt });
  return { id, text };
}

/** Asks a server that knows of the keys what the database knows now. */
async function ask(
  text: string | null,
  {
    path = '/v1/flows',
    host = '127.0.0.1:8321',
    more = {},
  }: { path?: string; host?: string; more?: { [name: string]: string } } = {},
): Promise<{ status: number; code: string | undefined }> {
  const app = serverOver(database, { now, keys: keyRing({ database, now, log }) });
  try {
    const headers = { host, ...more, ...(text !== null && { authorization: text }) };
    const answer = await app.inject({ method: 'GET', url: path, headers });
    return { status: answer.statusCode, code: (answer.json() as { code?: string }).code };
  } finally {
    await app.close();
  }
}

describe('without any key', () => {
  it('everybody on this machine may ask', async () => {
    for (const host of ['127.0.0.1:8321', 'localhost:8321', '[::1]:8321', 'causeway.localhost'])
      expect(await ask(null, { host })).toEqual({ status: 200, code: undefined });
  });

  it('a name that was made to point here is refused (DNS rebinding)', async () => {
    for (const host of ['evil.example', '10.0.0.1', 'localhost.evil.example', '127.evil.example'])
      expect(await ask(null, { host }), host).toEqual({ status: 421, code: 'host_refused' });
  });
});

describe('without any key, a proxy on this machine', () => {
  it('is refused, whatever name it calls the server by', async () => {
    for (const name of ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'])
      expect(await ask(null, { more: { [name]: '203.0.113.9' } }), name).toEqual({
        status: 421,
        code: 'host_refused',
      });
  });

  it('is refused where the configuration names a public address', async () => {
    const app = serverOver(database, {
      now,
      keys: keyRing({ database, now, log }),
      publicUrl: 'https://c.example',
    });
    const answer = await app.inject({ url: '/v1/flows', headers: { host: '127.0.0.1:8321' } });
    expect(answer.json()).toMatchObject({ code: 'host_refused' });
    await app.close();
  });

  it('leaves the first key in force from the next request on', async () => {
    const app = serverOver(database, { now, keys: keyRing({ database, now, log }) });
    const status = async (): Promise<number> => (await app.inject('/v1/flows')).statusCode;
    expect(await status()).toBe(200);
    await make(['read']);
    clock += 3_600_000;
    expect(await status()).toBe(401);
    await app.close();
  });
});

describe('with a key', () => {
  it('whoever has it may do what its scopes say, under any name', async () => {
    const { text } = await make(['read']);
    expect(await ask(`Bearer ${text}`, { host: 'causeway.example' })).toMatchObject({ status: 200 });
    expect(await ask(`bearer ${text}`)).toMatchObject({ status: 200 });
  });

  it('a request without one is refused, and so is one that only looks like it', async () => {
    const { text, id } = await make(['read']);
    const other = freshKey(randomBytes).text;
    expect(await ask(null)).toEqual({ status: 401, code: 'key_missing' });
    for (const wrong of [
      other,
      text.slice(0, -1),
      `${text.slice(0, -1)}${text.endsWith('A') ? 'B' : 'A'}`,
      `cwy_${id}_${other.slice(15)}`,
      `${text}x`,
      'x',
    ])
      expect(await ask(`Bearer ${wrong}`), wrong).toEqual({ status: 401, code: 'key_refused' });
    expect(await ask(`Basic ${text}`)).toEqual({ status: 401, code: 'key_missing' });
  });

  it('without the scope is refused', async () => {
    const { text } = await make(['webhook', 'operate']);
    expect(await ask(`Bearer ${text}`)).toEqual({ status: 403, code: 'scope_missing' });
  });

  it('ends at its time', async () => {
    const { text } = await make(['read'], new Date(clock + 1000));
    expect(await ask(`Bearer ${text}`)).toMatchObject({ status: 200 });
    clock += 1000;
    expect(await ask(`Bearer ${text}`)).toEqual({ status: 401, code: 'key_refused' });
  });

  it('that was the last one, and is revoked, lets nobody in without a key', async () => {
    const { id, text } = await make(['read']);
    expect(await revokeApiKey(database, id)).toBe(true);
    expect(await revokeApiKey(database, id)).toBe(false);
    expect(await ask(`Bearer ${text}`)).toEqual({ status: 401, code: 'key_refused' });
    expect(await ask(null)).toEqual({ status: 401, code: 'key_missing' });
  });

  it('health and the document need none', async () => {
    await make(['read']);
    expect(await ask(null, { path: '/healthz' })).toMatchObject({ status: 200 });
    expect(await ask(null, { path: '/openapi.json' })).toMatchObject({ status: 200 });
    expect(await ask(null, { path: '/metrics' })).toMatchObject({ status: 401 });
  });

  it('the database holds nothing that would let anybody in', async () => {
    const { text } = await make(['read']);
    const { rows } = await database.query<{ row: string }>('select api_key::text as row from api_key');
    const secret = text.slice('cwy_'.length + 10 + 1);
    expect(rows[0]?.row).not.toContain(secret);
    expect(rows[0]?.row).not.toContain(Buffer.from(secret, 'base64url').toString('hex'));
  });
});

describe('the keys at hand', () => {
  it('are read again where they are older than some seconds, so that a revoked one is refused by then', async () => {
    const { id, text } = await make(['read']);
    const ring = keyRing({ database, now, log });
    const app = serverOver(database, { now, keys: ring });
    const status = async (): Promise<number> =>
      (await app.inject({ url: '/v1/flows', headers: { authorization: `Bearer ${text}` } })).statusCode;
    expect(await status()).toBe(200);
    await revokeApiKey(database, id);
    expect(await status()).toBe(200);
    clock += 2001;
    expect(await status()).toBe(401);
    await app.close();
  });

  it('stay in force when the database is gone', async () => {
    const { text } = await make(['read']);
    let broken = false;
    const fragile = {
      query: (...args: Parameters<Database['query']>) =>
        broken
          ? Promise.reject(Object.assign(new Error('gone'), { code: 'ECONNRESET' }))
          : database.query(...args),
    } as Database;
    const app = serverOver(fragile, { now, keys: keyRing({ database: fragile, now, log }) });
    const headers = { authorization: `Bearer ${text}` };
    expect((await app.inject({ url: '/v1/flows', headers })).statusCode).toBe(200);
    broken = true;
    clock += 60_000;
    expect((await app.inject({ url: '/metrics', headers })).statusCode).toBe(200);
    expect((await app.inject({ url: '/metrics' })).statusCode).toBe(401);
    await app.close();
  });

  it('know when a key was used last, to the minute', async () => {
    const { text } = await make(['read']);
    await ask(`Bearer ${text}`);
    await expect.poll(async () => (await listApiKeys(database))[0]?.usedAt).toEqual(now());
  });
});

describe('a database that hangs', () => {
  it('keeps nobody waiting over HTTP: it is told as gone, with a time', async () => {
    const impatient = openDatabase(own.url, { max: 2, answersWithinMs: 300, onError: () => {} });
    const app = serverOver(impatient, { now });
    const holder = await database.connect();
    await holder.query('begin; lock table link in access exclusive mode');
    const answer = await app.inject('/v1/flows');
    expect([answer.statusCode, answer.json().code]).toEqual([503, 'database_unreachable']);
    expect(answer.headers['retry-after']).toBe('5');
    await holder.query('rollback');
    holder.release();
    expect((await app.inject('/v1/flows')).statusCode).toBe(200);
    await app.close();
    await impatient.end();
  });
});

describe('a key that asks too often', () => {
  it('is told when to ask again, and other keys do not notice', async () => {
    const [one, other] = [await make(['read']), await make(['read'])];
    const app = serverOver(database, {
      now,
      keys: keyRing({ database, now, log }),
      rateLimit: { requests: 3, seconds: 60 },
    });
    const get = (text: string, url = '/v1/flows') =>
      app.inject({ url, headers: { authorization: `Bearer ${text}` } });
    for (let count = 0; count < 3; count += 1) expect((await get(one.text)).statusCode).toBe(200);
    const refused = await get(one.text);
    expect([refused.statusCode, refused.json().code]).toEqual([429, 'too_many_requests']);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    const allowed = await get(other.text);
    expect([allowed.statusCode, allowed.headers['ratelimit-remaining']]).toEqual([200, '2']);
    expect((await get(one.text, '/healthz')).statusCode).toBe(200);
    await app.close();
  });
});
