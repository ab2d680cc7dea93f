import { afterEach, describe, expect, it } from 'vitest';
import type { App } from '../../src/http/app.ts';
import { webhookTally } from '../../src/http/webhook-tally.ts';
import { takeWebhook } from '../../src/sync/take-webhook.ts';
import { readHinted } from '../../src/sync/read-hinted.ts';
import { signed } from '../connectors/hubspot/a-webhook.ts';
import { bench, type Bench, never } from '../connectors/hubspot/bench.ts';
import { serverOver } from '../http/serving.ts';
import { aMapping, type Journey, startJourney } from './journey.ts';
import { closeAll, closeLater, sql } from './setting.ts';
import { memorySink } from './memory-systems.ts';

let servers: App[] = [];
afterEach(async () => {
  const closing = servers;
  servers = [];
  for (const server of closing) await server.close();
  await closeAll();
});

const publicUrl = 'https://erp.example.com/causeway';
const path = '/v1/webhooks/crm';
const companies = { entity: 'companies', with: [] };
const changed = (...ids: (string | number)[]): unknown[] =>
  ids.map((id) => ({ subscriptionType: 'company.propertyChange', objectId: Number(id) }));

type Sent = { readonly status: number; readonly body: Record<string, unknown>; readonly headers: Headers };

/** Causeway between the HubSpot sandbox and an ERP in memory, with its HTTP interface. */
async function setting(over: { readonly settings?: Parameters<Bench['connect']>[0] } = {}) {
  const own = await bench();
  const sink = memorySink();
  const connection = own.connect(over.settings ?? {});
  const journey: Journey = closeLater(
    await startJourney({
      connections: { crm: connection, erp: { source: null, sink } },
      mappings: [aMapping({ flow: 'accounts', read: { from: 'crm', ...companies } })],
    }),
  );
  const tally = webhookTally();
  let arrived = 0;
  const { context } = journey;
  const server = serverOver(context.database, {
    takeWebhook: (name, request, traceId) => takeWebhook(context, name, request, traceId),
    onHints: () => void (arrived += 1),
    webhooks: tally,
    publicUrl,
    now: own.clock.now,
  });
  servers.push(server);
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  const send = async (
    content: unknown,
    change: { readonly headers?: Record<string, string>; readonly at?: string; readonly to?: string } = {},
  ): Promise<Sent> => {
    const to = change.to ?? path;
    const { body, headers } = signed(own, [companies], content, { url: change.at ?? `${publicUrl}${to}` });
    const answer = await fetch(`${url}${to}`, {
      method: 'POST',
      body: new Uint8Array(body),
      headers: { ...headers, ...change.headers },
    });
    return { status: answer.status, body: (await answer.json()) as Sent['body'], headers: answer.headers };
  };
  const hints = async (): Promise<string[]> =>
    (await sql<{ id: string }>(journey, 'select entity || source_id as id from hint order by 1')).map(
      ({ id }) => id,
    );
  return { own, sink, journey, tally, send, hints, url, arrived: () => arrived };
}

describe('a webhook over HTTP', () => {
  it('is stored before it is answered, and what nothing reads is counted', async () => {
    const { send, hints, tally, arrived } = await setting();
    const events = [...changed(1, 2, 2), { subscriptionType: 'conversation.newMessage', objectId: 1 }];
    const answer = await send(events);
    expect([answer.status, answer.body]).toEqual([202, { hints: 2, ignored: 1 }]);
    expect([await hints(), arrived()]).toEqual([['companies1', 'companies2'], 1]);
    expect(tally.counts().events).toEqual([
      { connection: 'crm', what: 'hint', count: 2 },
      { connection: 'crm', what: 'ignored conversation.newMessage', count: 1 },
    ]);
  });

  it('is taken whatever its body is called, since it is judged by its bytes', async () => {
    const { own, send } = await setting();
    for (const type of ['text/plain', 'application/json; charset=utf-8', 'application/octet-stream']) {
      own.clock.advance(1);
      expect((await send(changed(1), { headers: { 'content-type': type } })).status).toBe(202);
    }
  });

  it('is refused when it is forged, stale, replayed or unreadable, each under its own code', async () => {
    const { own, send, hints, tally } = await setting();
    const forged = await send(changed(1), { headers: { 'x-hubspot-signature-v3': 'AAAA' } });
    const elsewhere = await send(changed(1), { at: 'https://elsewhere.example.com/v1/webhooks/crm' });
    const unreadable = await send('text');
    const old = signed(own, [companies], changed(1), { url: `${publicUrl}${path}` });
    own.clock.advance(301_000);
    const stale = await send(changed(1), { headers: { ...old.headers } });
    expect(await hints()).toEqual([]);
    const first = await send(changed(1));
    const again = await send(changed(1));
    const found = [forged, elsewhere, unreadable, stale, first, again].map(({ status, body }) => [
      status,
      body['code'],
    ]);
    expect(found).toEqual([
      [401, 'webhook_forged'],
      [401, 'webhook_forged'],
      [400, 'webhook_malformed'],
      [401, 'webhook_stale'],
      [202, undefined],
      [409, 'webhook_replayed'],
    ]);
    expect(await hints()).toEqual(['companies1']);
    expect(tally.counts().refused).toEqual([
      { connection: 'crm', why: 'forged', count: 2 },
      { connection: 'crm', why: 'malformed', count: 1 },
      { connection: 'crm', why: 'stale', count: 1 },
      { connection: 'crm', why: 'replayed', count: 1 },
    ]);
  });

  it('that the vendor repeats with a new time is taken, and makes no second hint', async () => {
    const { own, send, hints } = await setting();
    await send(changed(1));
    own.clock.advance(60_000);
    expect((await send(changed(1))).status).toBe(202);
    expect(await hints()).toEqual(['companies1']);
  });

  it('is refused for a connection that is not there or takes none, one without a secret, and a body too large', async () => {
    const { send, url } = await setting({ settings: { webhookSecret: undefined } });
    const nowhere = await send(changed(1), { to: '/v1/webhooks/nowhere' });
    const ofErp = await send(changed(1), { to: '/v1/webhooks/erp' });
    const unjudged = await send(changed(1));
    expect([nowhere, ofErp, unjudged].map(({ status, body }) => [status, body['code']])).toEqual([
      [404, 'not_found'],
      [404, 'not_found'],
      [503, 'webhook_not_configured'],
    ]);
    const large = await fetch(`${url}${path}`, { method: 'POST', body: 'x'.repeat(1024 * 1024 + 1) });
    expect(large.status).toBe(413);
    const empty = await fetch(`${url}${path}`, { method: 'POST' });
    expect(empty.status).toBe(503);
  });

  it('says nothing of the secret, the signature or the body in its refusal', async () => {
    const { send } = await setting();
    const { body } = await send([{ subscriptionType: 'canary-payload' }], {
      headers: { 'x-hubspot-signature-v3': 'canary-signature' },
    });
    expect(JSON.stringify(body)).not.toMatch(/canary|sandbox-webhook-secret/u);
  });

  it('is answered in milliseconds, hundreds at once, while neither system answers', async () => {
    const { own, send, hints } = await setting();
    await own.misbehave({ downForMs: 3_600_000 });
    const began = performance.now();
    const answers = await Promise.all(
      Array.from({ length: 300 }, (_, batch) =>
        send(changed(...Array.from({ length: 10 }, (__, index) => batch * 10 + index))),
      ),
    );
    const ms = performance.now() - began;
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect((await hints()).length).toBe(3000);
    process.stdout.write(`300 webhooks at once with 3000 events: ${ms.toFixed(0)} ms in all\n`);
    // Far above what it takes: whoever waits for a system here would wait for half a minute.
    expect(ms).toBeLessThan(20_000);
  });

  it('follows the trace of its caller to the mirror, the ERP call and the history, and names it in the answer', async () => {
    const { own, send, journey, sink } = await setting();
    const { id } = await own.add('companies', { name: 'Ernst Handel' });
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    const answer = await send(changed(id), { headers: { traceparent: `00-${trace}-00f067aa0ba902b7-01` } });
    expect(answer.headers.get('traceresponse')).toMatch(new RegExp(`^00-${trace}-[0-9a-f]{16}-01$`));
    await readHinted(journey.context, never);
    await journey.carry();
    expect(sink.records.size).toBe(1);
    expect(await sql(journey, 'select trace_id from mirror')).toEqual([{ trace_id: trace }]);
    expect(await sql(journey, `select trace_id from history where event = 'created'`)).toEqual([
      { trace_id: trace },
    ]);
    const other = await send(changed(7), { headers: { traceparent: 'ff-nonsense' } });
    expect(other.headers.get('traceresponse')).not.toContain(trace);
  });
});
