import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { callbackSender } from '../../src/http/callbacks.ts';
import type { Resolve } from '../../src/http/private-address.ts';
import { readCallback } from '../../src/store/callback.ts';
import { acceptRequest } from '../../src/sync/accept-request.ts';
import { type CallbackOutbox, sendCallbacks } from '../../src/sync/callback-outbox.ts';
import { cancel } from '../../src/sync/cancel-request.ts';
import { purge } from '../../src/sync/purge.ts';
import { type Receiver, startReceiver } from './receiver.ts';
import { asked, ended, serving } from './requested-work.ts';
import { between, closeAll, type Setting, sql } from './setting.ts';

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const never = new AbortController().signal;

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
  await closeAll();
});

/** A request of one record that has ended, with an address to call back, and the outbox of a service. */
async function calledBack(
  url: string,
  { ids = ['c1'], ...over }: { ids?: string[]; allowPrivate?: boolean; resolve?: Resolve } = {},
) {
  const at = await between();
  at.source.put('c1', { name: 'Acme' });
  await at.journey.carry();
  const id = await requested(at, url, ids);
  const clock = { now: new Date() };
  const lines: string[] = [];
  const outbox: CallbackOutbox = {
    database: at.journey.context.database,
    send: callbackSender({ secret, allowPrivate: true, now: () => clock.now, ...over }),
    now: () => clock.now,
    sleep: (ms, signal) => sleep(ms, undefined, { signal }),
    random: () => 1,
    log: pino({}, { write: (line: string) => void lines.push(line) }),
  };
  const later = (seconds: number) => void (clock.now = new Date(clock.now.getTime() + seconds * 1000));
  const standing = () => readCallback(at.journey.context.database, id);
  later(1);
  return { at, id, outbox, lines, later, standing, send: () => sendCallbacks(outbox, never) };
}

async function requested(at: Setting, callbackUrl: string, ids = ['c1']): Promise<string> {
  const service = serving(at.journey);
  const accepted = await acceptRequest(
    at.journey.context.database,
    asked({ choice: { by: 'ids', ids }, callbackUrl }),
  );
  if (!('request' in accepted)) throw new Error(accepted.as);
  await ended(at.journey, accepted.request.id);
  await service.stop();
  return accepted.request.id;
}

async function aReceiver(): Promise<Receiver> {
  const receiver = await startReceiver(secret);
  cleanups.push(receiver.close);
  return receiver;
}

describe('a callback', () => {
  it('tells with a good signature what became of the request, once', async () => {
    const receiver = await aReceiver();
    const { id, send, standing } = await calledBack(receiver.url);
    await send();
    await send();
    expect(receiver.received).toHaveLength(1);
    const [notice] = receiver.received;
    expect(JSON.parse(notice?.text ?? '')).toMatchObject({
      type: 'resync.done',
      timestamp: expect.any(String) as string,
      data: { id, flow: 'accounts', state: 'done', counts: { asked: 1, synced: 1, pending: 0 } },
    });
    expect(notice?.text).not.toContain('Acme');
    expect(await standing()).toMatchObject({ attempts: 1, problem: null });
  });

  it('tells of records that the source does not know, and not of a success', async () => {
    const receiver = await aReceiver();
    const { send } = await calledBack(receiver.url, { ids: ['nobody'] });
    await send();
    expect(JSON.parse(receiver.received[0]?.text ?? '')).toMatchObject({
      type: 'resync.failed',
      data: {
        state: 'failed',
        message: 'The source knows none of these records.',
        counts: { asked: 1, unknown: 1, pending: 0 },
      },
    });
  });

  it('is sent again with a longer wait each time and the same id until it is taken', async () => {
    const receiver = await aReceiver();
    receiver.status = 500;
    const { send, later, standing, lines } = await calledBack(receiver.url);
    for (const seconds of [0, 4, 2, 14, 2]) {
      later(seconds);
      await send();
    }
    // After 5 seconds, and then after 15.
    expect(receiver.received).toHaveLength(3);
    expect(await standing()).toMatchObject({
      attempts: 3,
      problem: 'the receiver answered with status 500',
      deliveredAt: null,
    });
    receiver.status = 204;
    later(60);
    await send();
    expect((await standing())?.deliveredAt).not.toBeNull();
    expect(new Set(receiver.received.map(({ id }) => id)).size).toBe(1);
    expect(lines.join('')).not.toContain(receiver.url);
  });

  it('is given up after three days, and at once when the receiver says that it is gone', async () => {
    const receiver = await aReceiver();
    receiver.status = 503;
    const patient = await calledBack(receiver.url);
    await patient.send();
    patient.later(3 * 24 * 3600 + 1);
    await patient.send();
    expect((await patient.standing())?.givenUpAt).not.toBeNull();
    patient.later(3600);
    await patient.send();
    expect(receiver.received).toHaveLength(2);
    receiver.status = 410;
    const gone = await calledBack(receiver.url);
    await gone.send();
    expect(await gone.standing()).toMatchObject({ attempts: 1, givenUpAt: expect.any(Date) as Date });
  });

  it('is sent again when the process dies with it', async () => {
    const receiver = await aReceiver();
    const { at, later, send } = await calledBack(receiver.url);
    await sql(at.journey, `update callback set attempts = 1, next_at = now() + interval '60 seconds'`);
    await send();
    expect(receiver.received).toHaveLength(0);
    later(61);
    await send();
    expect(receiver.received).toHaveLength(1);
  });

  it('does not wait for a receiver that hangs, however many are for that', async () => {
    const { at, outbox } = await calledBack('http://127.0.0.1:1/first');
    await sql(at.journey, `delete from callback`);
    const add = (url: string, count: number) =>
      sql(
        at.journey,
        `insert into callback (request_id, url, body, created_at, next_at)
           select id, '${url}', '{}', now(), now() - interval '1 second' from resync_request, generate_series(1, ${count})`,
      );
    await add('https://dead.example/hook', 20);
    await add('https://well.example/hook', 5);
    const answers = Promise.withResolvers<void>();
    const well = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const sent: string[] = [];
    const sending = sendCallbacks(
      {
        ...outbox,
        async send({ url }) {
          const { hostname } = new URL(url);
          if (hostname === 'dead.example') await answers.promise;
          sent.push(hostname);
          const count = sent.filter((name) => name === 'well.example').length;
          if (hostname === 'well.example') well[count === 5 ? 0 : count === 6 ? 1 : 2]?.resolve();
          return null;
        },
      },
      never,
    );
    await well[0]?.promise;
    // One that becomes due while others hang is sent, too.
    await add('https://well.example/hook', 1);
    await well[1]?.promise;
    expect(sent).toEqual(Array(6).fill('well.example'));
    answers.resolve();
    await sending;
    expect(sent).toHaveLength(26);
  });

  it('never reaches a private address, whatever its name says', async () => {
    const receiver = await aReceiver();
    const url = receiver.url.replace('127.0.0.1', 'callbacks.example');
    const resolve: Resolve = (_name, done) => done(null, [{ address: '127.0.0.1', family: 4 }]);
    const { send, standing } = await calledBack(url, { allowPrivate: false, resolve });
    await send();
    expect(receiver.received).toEqual([]);
    expect((await standing())?.problem).toBe(
      'the address is of this machine or of a private network, and `http.callbacks.allow_private` does not let it',
    );
  });

  it('tells of a request that was cancelled, too', async () => {
    const receiver = await aReceiver();
    const { at, send } = await calledBack(receiver.url);
    await send();
    const accepted = await acceptRequest(
      at.journey.context.database,
      asked({ choice: { by: 'ids', ids: ['c1'] }, callbackUrl: receiver.url }),
    );
    if (!('request' in accepted)) throw new Error(accepted.as);
    await cancel(at.journey.context, accepted.request.id, never);
    await send();
    expect(receiver.received.map(({ type }) => type)).toEqual(['resync.done', 'resync.cancelled']);
  });

  it('goes with its request when that is forgotten, and so do keys whose time is over', async () => {
    const receiver = await aReceiver();
    const { at } = await calledBack(receiver.url);
    await sql(at.journey, `update resync_request set finished_at = now() - interval '31 days'`);
    await sql(
      at.journey,
      `insert into idempotency_key values ('a', 'b', '\\x00', gen_random_uuid(), now() - interval '1 second')`,
    );
    const day = 24 * 3600;
    const { context } = at.journey;
    expect(await purge(context, { history: 90 * day, runs: 30 * day }, never)).toMatchObject({ requests: 1 });
    for (const table of ['resync_request', 'resync_item', 'callback', 'idempotency_key'])
      expect(await sql(at.journey, `select from ${table}`), table).toEqual([]);
  });
});
