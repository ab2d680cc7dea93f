import { once } from 'node:events';
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { Fault } from '../../src/connector/fault.ts';
import { metricsPage, type MetricsParts } from '../../src/http/metrics.ts';
import { outcomeTally } from '../../src/http/tally.ts';
import { webhookTally } from '../../src/http/webhook-tally.ts';
import { openDatabase, within } from '../../src/store/database.ts';
import { evaluateAlerts } from '../../src/sync/evaluate-alerts.ts';
import { type ReadFamily, readExposition } from '../telemetry/read-exposition.ts';
import { serverOver } from '../http/serving.ts';
import { lookupTally } from '../../src/lookup/tally.ts';
import { aLookup } from '../lookup/a-lookup.ts';
import { aMapping } from './journey.ts';
import { between, closeAll, readChanges, type Setting, sql } from './setting.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
  await closeAll();
});

function partsOf({ journey }: Setting, over: Partial<MetricsParts> = {}): MetricsParts {
  const tally = outcomeTally();
  const lookups = { lookups: () => [aLookup()], tally: lookupTally(), breakers: () => [] };
  const { database, mappings, now } = journey.context;
  const parts = {
    database,
    mappings,
    own: () => ({ problems: [], stale: [] }),
    tally,
    lookups,
    webhooks: webhookTally(),
    version: '1.2.3',
    now,
  };
  return { ...parts, ...over };
}

/** Fetches the page over HTTP from a real server and reads it strictly. */
async function scraper(parts: MetricsParts): Promise<() => Promise<Map<string, ReadFamily>>> {
  const { database, mappings, now } = parts;
  const server = serverOver(database, { mappings, now, metrics: metricsPage(parts) });
  cleanups.push(() => server.close());
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  return async () => {
    const answer = await fetch(`${url}/metrics`);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      200,
      'text/plain; version=0.0.4; charset=utf-8',
    ]);
    return readExposition(await answer.text());
  };
}

/** The samples of a metric as `label,label=value`, in the order of the page. */
const samples = (page: Map<string, ReadFamily>, name: string): string[] =>
  (page.get(`causeway_${name}`)?.samples ?? []).map(
    ({ labels, value }) => `${Object.values(labels).join(',')}=${value}`,
  );

/** A way to the database that a test can break; gives its address. */
async function breakable(url: string) {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  let state: 'good' | 'silent' = 'good';
  const server = createServer((socket) => {
    const other = connect(Number(target.port), target.hostname);
    for (const one of [socket, other]) {
      sockets.add(one);
      one.on('error', () => {});
      one.on('close', () => {
        socket.destroy();
        other.destroy();
      });
    }
    socket.on('data', (data) => state === 'good' && other.write(data));
    other.on('data', (data) => state === 'good' && socket.write(data));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const through = new URL(url);
  through.hostname = '127.0.0.1';
  through.port = String((server.address() as AddressInfo).port);
  cleanups.push(() => server.close());
  return {
    url: through.href,
    silence: () => void (state = 'silent'),
    heal: () => void (state = 'good'),
    cut() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

describe('/metrics', () => {
  it('tells of every flow, queue, cursor, connection and alert', async () => {
    const at = await between([aMapping({ flow: 'accounts', freshnessSeconds: 3600 })]);
    const parts = partsOf(at);
    at.sink.refuse = ({ fields }) =>
      fields['name'] === 'bad'
        ? new Fault({
            kind: 'invalid_record',
            code: 'odoo_validation_error',
            message: 'CANARY of the vendor',
          })
        : null;
    at.source.put('c1', { name: 'CANARY payload' });
    at.source.put('c2', { name: 'bad' });
    await at.journey.carry();
    for (const progress of at.journey.progress) parts.tally.take(progress);
    at.source.put('c3', { name: 'Cask' });
    await readChanges(at.journey);
    await sql(
      at.journey,
      `update causeway_jobs.job set created_on = now() - interval '2 hours' where state = 'created'`,
    );
    await sql(
      at.journey,
      `insert into connection_state (connection, state, code, reason, since) values ('erp', 'held', 'no_answer', 'CANARY', now())
       on conflict (connection) do update set state = 'held', code = 'no_answer', reason = 'CANARY'`,
    );
    const evaluating = { ...parts, dueAt: () => null, log: pino({ level: 'silent' }), bodyOf: null };
    await evaluateAlerts(evaluating);
    await sql(at.journey, `update causeway_jobs.queue set monitor_on = null`);
    await at.journey.context.boss.supervise();
    const page = await (await scraper(parts))();

    expect(samples(page, 'build_info')).toEqual([`1.2.3,${process.versions.node}=1`]);
    expect(samples(page, 'database_up')).toEqual(['=1']);
    expect(samples(page, 'records_total')).toEqual(
      expect.arrayContaining([
        'accounts,read=2',
        'accounts,created=1',
        'accounts,dead=1',
        'accounts,updated=0',
      ]),
    );
    const [lag] = page.get('causeway_flow_lag_seconds')?.samples ?? [];
    expect(lag?.value).toBeGreaterThan(7199);
    expect(lag?.value).toBeLessThan(7300);
    expect(samples(page, 'flow_freshness_seconds')).toEqual(['accounts=3600']);
    expect(samples(page, 'flow_freshness_kept')).toEqual(['accounts=0']);
    expect(samples(page, 'flow_paused')).toEqual(['accounts=0']);
    expect(samples(page, 'queue_jobs')).toEqual([
      'accounts,push,queued=1',
      'accounts,push,active=0',
      'accounts,write_back,queued=0',
      'accounts,write_back,active=0',
    ]);
    expect(samples(page, 'flow_records')).toContain('accounts,dead=1');
    expect(page.get('causeway_cursor_age_seconds')?.samples[0]?.labels).toEqual({
      connection: 'crm',
      entity: 'accounts',
    });
    expect(samples(page, 'connection_state')).toEqual(
      expect.arrayContaining(['erp,up=0', 'erp,held=1', 'erp,paused=0']),
    );
    expect(samples(page, 'alert_open')).toEqual([
      'dead_letters_growing,accounts/odoo_validation_error,warning=1',
      'freshness_broken,accounts,critical=1',
    ]);
    expect(samples(page, 'alerts_open')).toEqual(['warning=1', 'critical=1']);
    expect(samples(page, 'alert_notices_waiting')).toEqual(['=0']);
    expect(JSON.stringify([...page])).not.toContain('CANARY');
  });

  it('asks the database once for all that scrape within some seconds', async () => {
    const at = await between();
    let asked = 0;
    const { database } = at.journey.context;
    const counting = Object.create(database, {
      connect: {
        value: () => {
          asked += 1;
          return database.connect();
        },
      },
    }) as typeof database;
    const clock = { now: new Date() };
    const scrape = await scraper(partsOf(at, { database: counting, now: () => clock.now }));
    await Promise.all([scrape(), scrape(), scrape()]);
    await scrape();
    expect(asked).toBe(1);
    clock.now = new Date(clock.now.getTime() + 5000);
    await scrape();
    expect(asked).toBe(2);
  });

  it('answers with what is known when the database is gone, and what is late goes on growing', async () => {
    const at = await between([aMapping({ flow: 'accounts', freshnessSeconds: 3600 })]);
    at.source.put('c1', { name: 'Acme' });
    await readChanges(at.journey);
    const way = await breakable(at.journey.url);
    const database = openDatabase(way.url, { max: 2, onError: () => {} });
    cleanups.push(() => database.end());
    const clock = { now: new Date() };
    const scrape = await scraper(partsOf(at, { database, now: () => clock.now }));
    const before = (await scrape()).get('causeway_flow_lag_seconds')?.samples[0]?.value ?? Number.NaN;
    way.cut();
    clock.now = new Date(clock.now.getTime() + 7_200_000);
    const page = await scrape();
    expect(samples(page, 'database_up')).toEqual(['=0']);
    expect(samples(page, 'facts_age_seconds')).toEqual(['=7200']);
    expect(page.get('causeway_flow_lag_seconds')?.samples[0]?.value).toBeCloseTo(before + 7200, 3);
    expect(samples(page, 'flow_freshness_kept')).toEqual(['accounts=0']);
  });

  it('answers in time when the database was never there, with what the process knows itself', async () => {
    const at = await between();
    const database = openDatabase('postgres://nobody@127.0.0.1:1/none', { max: 1, onError: () => {} });
    cleanups.push(() => database.end());
    const page = await (await scraper(partsOf(at, { database })))();
    expect(samples(page, 'database_up')).toEqual(['=0']);
    expect(samples(page, 'build_info')).toHaveLength(1);
    expect(page.has('causeway_flow_lag_seconds')).toBe(false);
  });

  it('answers within seconds when the database hangs, and asks it no second time meanwhile', async () => {
    const at = await between();
    const way = await breakable(at.journey.url);
    const database = openDatabase(way.url, { max: 2, onError: () => {} });
    cleanups.push(() => database.end());
    let asked = 0;
    const counting = Object.create(database, {
      connect: {
        value: () => {
          asked += 1;
          return database.connect();
        },
      },
    }) as typeof database;
    const clock = { now: new Date() };
    const scrape = await scraper(partsOf(at, { database: counting, now: () => clock.now }));
    await scrape();
    way.silence();
    clock.now = new Date(clock.now.getTime() + 60_000);
    const started = performance.now();
    const pages = await Promise.all([scrape(), scrape()]);
    expect(performance.now() - started).toBeLessThan(6000);
    expect(pages.map((page) => samples(page, 'database_up'))).toEqual([['=0'], ['=0']]);
    expect(asked).toBe(2);
    way.cut();
  });
});

describe('a transaction with a limit', () => {
  it('ends in time when the database hangs, and the pool goes on with another connection', async () => {
    const at = await between();
    const way = await breakable(at.journey.url);
    const database = openDatabase(way.url, { max: 1, onError: () => {} });
    cleanups.push(() => database.end());
    const hanging = within(database, { ms: 300, readOnly: true }, async (tx) => {
      way.silence();
      await tx.query('select 1');
    });
    await expect(hanging).rejects.toThrow('the database did not answer within 300 ms');
    way.heal();
    const answer = within(database, { ms: 5000, readOnly: true }, (tx) => tx.query('select 1 as one'));
    expect((await answer).rows).toEqual([{ one: 1 }]);
  });

  it('writes nothing where it is to read only', async () => {
    const { journey } = await between();
    const writing = within(journey.context.database, { ms: 5000, readOnly: true }, (tx) =>
      tx.query(`insert into alarm values ('x', 'y', now(), 1)`),
    );
    await expect(writing).rejects.toThrow('read-only transaction');
  });
});
