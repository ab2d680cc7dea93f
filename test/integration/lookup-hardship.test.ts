import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { lookupService } from '../../src/lookup/service.ts';
import type { Lookup } from '../../src/mapping/lookup/lookup.ts';
import { openDatabase } from '../../src/store/database.ts';
import { serverOver } from '../http/serving.ts';
import { aList, aLookup, aQuestion } from '../lookup/a-lookup.ts';
import { anOdoo, openOdoo } from '../lookup/odoo-lookups.ts';
import { type TroubledErp, troubledErp, troubles } from '../lookup/troubled-erp.ts';
import { freshDatabase } from './postgres.ts';

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const deadlineMs = 300;
/** The promise is 50 ms, and the bench measures it; the machines that run tests are busy. */
const noiseMs = 2000;

const byId = (name: string, connection: string, within = deadlineMs): Lookup =>
  aLookup({
    name,
    hash: name,
    deadlineMs: within,
    ttlMs: 0,
    questions: [aQuestion({ connection, fields: ['name'], find: { by: 'id' } })],
  });

/** A customer and what belongs to it: two questions to one connection. */
const twofold = aLookup({
  ...byId('twofold', 'erp'),
  questions: [
    aQuestion({ fields: ['name'], find: { by: 'id' } }),
    aList({ entity: 'res.partner', where: [{ field: 'parent_id', isRecord: 'customer' }] }),
  ],
});

type Hall = {
  /** Says how the system behind the troubled door misbehaves. */
  readonly misbehave: (rules: object) => Promise<unknown>;
  readonly erp: TroubledErp;
  readonly customer: string;
  readonly url: string;
};

/** A server with two lookups: one asks a system that a test troubles, the other one that is well. */
async function aHall(database?: string): Promise<Hall> {
  const { sandbox, customer } = await anOdoo();
  const erp = await troubledErp(sandbox.url);
  const [sick, well] = [openOdoo(sandbox, erp.url), openOdoo(sandbox, sandbox.url, 'shop')];
  const fresh = database === undefined ? await freshDatabase() : null;
  const pool = openDatabase(database ?? fresh?.url ?? '', {
    max: 2,
    answersWithinMs: 1000,
    onError: () => {},
  });
  const lookups = [byId('credit', 'erp'), twofold, byId('shop', 'shop', 10_000)];
  const service = lookupService({
    url: fresh?.url ?? '',
    database: pool,
    lookups: () => lookups,
    openings: new Map([
      ['erp', sick.opening],
      ['shop', well.opening],
    ]),
    written: () => null,
    tellStanding: async () => null,
    now: Date.now,
    onError: () => {},
  });
  const app = serverOver(pool, { lookups: service, log: pino({ level: 'silent' }) });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  closers.push(
    () => sandbox.close(),
    () => erp.close(),
    async () => {
      await pool.end();
      await fresh?.drop();
    },
    () => void [sick, well].map(({ close }) => close()),
    () => service.close(),
    () => app.close(),
  );
  const misbehave = (rules: object) =>
    fetch(`${sandbox.url}/_sandbox/misbehave`, { method: 'PUT', body: JSON.stringify(rules) });
  return { erp, customer, url, misbehave };
}

type Answered = { readonly status: number; readonly ms: number; readonly body: Record<string, unknown> };

async function ask({ url }: Hall, name: string, key: string): Promise<Answered> {
  const started = performance.now();
  const answer = await fetch(`${url}/v1/lookups/${name}/${key}`);
  const body = (await answer.json()) as Record<string, unknown>;
  return { status: answer.status, ms: performance.now() - started, body };
}

/** The first calls learn what the system looks like, and may take longer than the deadline. */
async function bothAnswer(hall: Hall): Promise<void> {
  for (const name of ['credit', 'shop'])
    await expect
      .poll(() => ask(hall, name, hall.customer), { timeout: 10_000 })
      .toMatchObject({ status: 200, body: { origin: 'live', reply: { name: 'Ernst Handel' } } });
}

describe.each(troubles)('while a system %s', (trouble) => {
  it('every caller is answered in time, and lookups of another system do not notice', async () => {
    const hall = await aHall();
    await bothAnswer(hall);
    hall.erp.trouble = trouble;
    const sick = Array.from({ length: 60 }, (_, n) => ask(hall, 'credit', String(1000 + n)));
    const well = Array.from({ length: 20 }, () => ask(hall, 'shop', hall.customer));
    const [fromSick, fromWell] = await Promise.all([Promise.all(sick), Promise.all(well)]);
    for (const { status, ms, body } of fromSick) {
      expect([429, 502, 503, 504]).toContain(status);
      expect(body['code']).toMatch(/^(too_many_lookups|system_unavailable|deadline_passed|system_refused)$/);
      // What a system answers with rubbish it does not answer better a second later.
      expect('retryAfterSeconds' in body).toBe(status !== 502);
      expect(ms).toBeLessThan(deadlineMs + noiseMs);
    }
    for (const { status } of fromWell) expect(status).toBe(200);
  });

  it('connections and requests to it stay few, however many ask', async () => {
    const hall = await aHall();
    await bothAnswer(hall);
    hall.erp.trouble = trouble;
    const before = hall.erp.requests;
    for (let round = 0; round < 3; round++)
      await Promise.all(Array.from({ length: 150 }, (_, n) => ask(hall, 'credit', `${round}${n}`)));
    // Two that are in use, and two that were given up and are not closed yet.
    expect(hall.erp.sockets.size).toBeLessThanOrEqual(4);
    // What is answered, though with rubbish, is no sign of a system that should be left alone.
    const most = trouble === 'rubbish' ? 3 * 150 * 2 : 40;
    expect(hall.erp.requests - before).toBeLessThan(most);
  });
});

describe('a system that recovers', () => {
  it('is asked again by one request, and then by all', async () => {
    const hall = await aHall();
    hall.erp.trouble = 'refuses';
    for (let n = 0; n < 5; n++) await ask(hall, 'credit', String(n + 1000));
    expect(await ask(hall, 'credit', hall.customer)).toMatchObject({
      status: 503,
      body: { code: 'system_unavailable', system: 'erp' },
    });
    hall.erp.trouble = 'well';
    await expect
      .poll(async () => (await ask(hall, 'credit', hall.customer)).status, { timeout: 10_000 })
      .toBe(200);
  });
});

describe('a system that was too slow and is well again', () => {
  it('answers lookups of two questions within seconds', async () => {
    const hall = await aHall();
    await expect
      .poll(() => ask(hall, 'twofold', hall.customer), { timeout: 10_000 })
      .toMatchObject({ status: 200 });
    await hall.misbehave({ delayMs: 60_000 });
    await expect
      .poll(() => ask(hall, 'twofold', hall.customer), { timeout: 10_000 })
      .toMatchObject({ status: 503 });
    await hall.misbehave({ delayMs: 20 });
    await expect
      .poll(() => ask(hall, 'twofold', hall.customer), { timeout: 10_000 })
      .toMatchObject({ status: 200, body: { origin: 'live' } });
  });
});

describe('while the database is gone', () => {
  it('a lookup that needs no link is answered all the same', async () => {
    const hall = await aHall('postgres://nobody@127.0.0.1:1/none');
    await bothAnswer(hall);
    expect(await ask(hall, 'credit', hall.customer)).toMatchObject({ status: 200 });
  });
});
