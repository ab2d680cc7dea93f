import { rememberAudit } from '../../src/store/audit-result.ts';
import { pino, type Logger } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { Fault } from '../../src/connector/fault.ts';
import type { Problem } from '../../src/errors/error.ts';
import { webhookSender } from '../../src/http/webhook.ts';
import { listOpenAlerts, raiseAlerts } from '../../src/store/alert.ts';
import { noticesWaiting } from '../../src/store/alert-notice.ts';
import { type Outbox, sendNotices } from '../../src/sync/alert-outbox.ts';
import { evaluateAlerts, type Evaluating, noticeBody } from '../../src/sync/evaluate-alerts.ts';
import { aMapping } from './journey.ts';
import { type Receiver, startReceiver } from './receiver.ts';
import { anotherWorker, between, closeAll, readChanges, type Setting, sql } from './setting.ts';

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const never = new AbortController().signal;

const receivers: Receiver[] = [];
afterEach(async () => {
  await closeAll();
  await Promise.all(receivers.splice(0).map((receiver) => receiver.close()));
});

/** A service's alerting: a clock that the test moves, its log lines, and what its mapping files are like. */
type Watch = {
  problems: Problem[];
  readonly log: { alert?: string; event?: string; [name: string]: unknown }[];
  round(seconds?: number): Promise<void>;
  send(): Promise<void>;
};

type Clock = { now: Date };

/** Alerting as a service does it, round by round. Without a receiver no webhook is configured. */
function watching({ journey }: Pick<Setting, 'journey'>, clock: Clock, receiver?: Receiver): Watch {
  const lines: Watch['log'] = [];
  const log: Logger = pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const now = () => clock.now;
  const { database, mappings } = journey.context;
  const target = { url: receiver?.url ?? '', secret, allowPrivate: true, now };
  const outbox: Outbox | null =
    receiver === undefined ? null : { database, send: webhookSender(target).send, now, random: () => 1, log };
  const watch: Watch = {
    problems: [],
    log: lines,
    async round(seconds = 15) {
      clock.now = new Date(clock.now.getTime() + seconds * 1000);
      await evaluateAlerts(evaluating);
    },
    send: async () => (outbox === null ? undefined : sendNotices(outbox, never)),
  };
  const evaluating: Evaluating = {
    database,
    mappings,
    own: () => ({ problems: watch.problems, stale: [] }),
    dueAt: () => null,
    now,
    log,
    bodyOf: receiver === undefined ? null : noticeBody,
  };
  return watch;
}

async function aReceiver(): Promise<Receiver> {
  const receiver = await startReceiver(secret);
  receivers.push(receiver);
  return receiver;
}

const events = ({ log }: Watch): string[] =>
  log.filter(({ alert }) => alert !== undefined).map(({ alert, event }) => `${event} ${alert}`);
const told = ({ received }: Receiver): string[] => received.map(({ type, data }) => `${type} ${data.key}`);
const openKeys = async ({ journey }: Pick<Setting, 'journey'>): Promise<string[]> =>
  (await listOpenAlerts(journey.context.database)).map(({ key }) => key);

/** The connection's credentials are refused, or taken again. */
const credentials = (at: Setting, state: 'refused' | 'good') =>
  sql(
    at.journey,
    state === 'refused'
      ? `insert into connection_state (connection, state, code, reason, since) values ('erp', 'paused', 'odoo_access_denied', 'CANARY reason', now())
         on conflict (connection) do update set state = 'paused', code = 'odoo_access_denied', reason = 'CANARY reason', since = now()`
      : `update connection_state set state = 'up', code = null, reason = null, since = now() where connection = 'erp'`,
  );

const startOfTest = (): Clock => ({ now: new Date() });

describe('an alert', () => {
  it('is raised once and resolved once, in the log and at the receiver, however often is looked', async () => {
    const at = await between();
    const receiver = await aReceiver();
    const watch = watching(at, startOfTest(), receiver);
    await credentials(at, 'refused');
    for (let n = 0; n < 4; n++) await watch.round();
    await watch.send();
    expect(events(watch)).toEqual(['raised connection_paused/erp']);
    await credentials(at, 'good');
    for (let n = 0; n < 8; n++) await watch.round();
    await watch.send();
    await watch.send();
    expect(events(watch)).toEqual(['raised connection_paused/erp', 'resolved connection_paused/erp']);
    expect(told(receiver)).toEqual([
      'alert.raised connection_paused/erp',
      'alert.resolved connection_paused/erp',
    ]);
    expect(new Set(receiver.received.map(({ id }) => id)).size).toBe(2);
    expect(await openKeys(at)).toEqual([]);
  });

  it('is told once when its cause comes and goes within a minute, and again when it comes back later', async () => {
    const at = await between();
    const watch = watching(at, startOfTest());
    for (let n = 0; n < 6; n++) {
      await credentials(at, n % 2 === 0 ? 'refused' : 'good');
      await watch.round(20);
    }
    expect(events(watch)).toEqual(['raised connection_paused/erp']);
    await watch.round(60);
    await credentials(at, 'refused');
    await watch.round();
    expect(events(watch)).toEqual([
      'raised connection_paused/erp',
      'resolved connection_paused/erp',
      'raised connection_paused/erp',
    ]);
  });

  it('of the same cause is raised by one of two services alone', async () => {
    const at = await between();
    const other = await anotherWorker(at);
    const receiver = await aReceiver();
    const clock = startOfTest();
    const watches = [watching(at, clock, receiver), watching({ journey: other }, clock, receiver)];
    const problem = {
      code: 'mapping_unknown_key',
      message: '',
      remedy: '',
      at: { file: 'a.yaml', line: 1, column: 1 },
    };
    for (const watch of watches) watch.problems = [problem];
    await credentials(at, 'refused');
    for (let n = 0; n < 3; n++) {
      await Promise.all(watches.map((watch) => watch.round()));
      await Promise.all(watches.map((watch) => watch.send()));
    }
    const expected = ['connection_paused/erp', 'mapping_not_loaded/a.yaml'];
    expect(watches.flatMap(events).sort()).toEqual(expected.map((key) => `raised ${key}`));
    expect(told(receiver).sort()).toEqual(expected.map((key) => `alert.raised ${key}`));
  });

  it('is raised by one alone of all that found none open', async () => {
    const { journey } = await between();
    const { database } = journey.context;
    const now = new Date();
    const cause = {
      key: 'connection_paused/erp',
      code: 'connection_paused',
      subject: 'erp',
      severity: 'critical' as const,
      message: 'm',
      remedy: 'r',
      since: now,
    };
    const raised = await Promise.all([1, 2, 3].map(() => raiseAlerts(database, [cause], now)));
    expect(raised.flat()).toHaveLength(1);
  });

  it('of one service stays open while that service still finds its cause, whatever the others find', async () => {
    const at = await between();
    const other = await anotherWorker(at);
    const clock = startOfTest();
    const [bad, good] = [watching(at, clock), watching({ journey: other }, clock)];
    bad.problems = [{ code: 'no_mappings', message: '', remedy: '' }];
    for (let n = 0; n < 6; n++) {
      await good.round();
      await bad.round();
    }
    expect([...events(bad), ...events(good)]).toEqual(['raised mapping_not_loaded/the mapping folder']);
    bad.problems = [];
    for (let n = 0; n < 6; n++) await good.round();
    expect(events(good)).toEqual(['resolved mapping_not_loaded/the mapping folder']);
  });
});

describe('the causes of alerts, as the database shows them', () => {
  it('are a change that waits for longer than is promised, and nothing after it was carried', async () => {
    const at = await between([aMapping({ flow: 'accounts', freshnessSeconds: 60 })]);
    const watch = watching(at, startOfTest());
    at.source.put('c1', { name: 'Acme' });
    await readChanges(at.journey);
    await watch.round(50);
    expect(await openKeys(at)).toEqual([]);
    await watch.round(20);
    expect(await openKeys(at)).toEqual(['freshness_broken/accounts']);
    await at.journey.carry();
    await sql(at.journey, `update source_cursor set caught_up_at = now() + interval '1 hour'`);
    await watch.round(60);
    expect(await openKeys(at)).toEqual([]);
  });

  it('are not records that wait for another record, however long', async () => {
    const at = await between([
      aMapping({
        flow: 'accounts',
        freshnessSeconds: 60,
        run: () => ({ kind: 'waiting', for: [{ flow: 'accounts', id: 'p' }] }),
      }),
    ]);
    const watch = watching(at, startOfTest());
    at.source.put('c1', { name: 'Acme' });
    await at.journey.carry();
    await sql(at.journey, `update source_cursor set caught_up_at = now() + interval '1 hour'`);
    await watch.round(3000);
    expect(await openKeys(at)).toEqual([]);
  });

  it('are a retry that goes on for longer than is promised', async () => {
    const at = await between([aMapping({ flow: 'accounts', freshnessSeconds: 60 })]);
    const watch = watching(at, startOfTest());
    at.source.put('c1', { name: 'Acme' });
    await at.journey.carry();
    await sql(at.journey, `update source_cursor set caught_up_at = now() + interval '1 hour'`);
    await sql(at.journey, `update link set state = 'retrying', since = now() - interval '2 minutes'`);
    await watch.round();
    expect(await openKeys(at)).toEqual(['freshness_broken/accounts']);
  });

  it('are dead letters that came within the hour, and end when no new ones come', async () => {
    const at = await between();
    at.sink.refuse = () =>
      new Fault({ kind: 'invalid_record', code: 'odoo_validation_error', message: 'CANARY of the vendor' });
    at.source.put('c1', { name: 'Acme' });
    at.source.put('c2', { name: 'Bolt' });
    await at.journey.carry();
    const watch = watching(at, startOfTest());
    await watch.round();
    const [alert] = await listOpenAlerts(at.journey.context.database);
    expect(alert).toMatchObject({ key: 'dead_letters_growing/accounts/odoo_validation_error' });
    expect(alert?.message).toMatch(/^2 records of accounts became dead letters since /u);
    await watch.round(3600);
    await watch.round(60);
    expect(await openKeys(at)).toEqual([]);
  });

  it('are records that were forgotten', async () => {
    const at = await between();
    at.source.put('c1', { name: 'Acme' });
    await at.journey.carry();
    at.source.put('c2', { name: 'Bolt' });
    await readChanges(at.journey);
    await sql(at.journey, `delete from causeway_jobs.job where singleton_key = 'c2'`);
    await at.journey.carry();
    const watch = watching(at, startOfTest());
    await watch.round();
    expect(await openKeys(at)).toEqual(['records_forgotten/accounts']);
  });

  it('are changes that only an audit found', async () => {
    const at = await between();
    const { database } = at.journey.context;
    await rememberAudit(database, 'accounts', { at: new Date(), since: null, counts: {}, missed: 2 });
    await watching(at, startOfTest()).round();
    expect(await openKeys(at)).toEqual(['changes_missed/accounts']);
  });

  it('are flows that are paused, where the database knows of pauses', async () => {
    const at = await between();
    const watch = watching(at, startOfTest());
    await sql(
      at.journey,
      `create table if not exists flow_state (flow text primary key, state text, code text, since timestamptz)`,
    );
    await sql(
      at.journey,
      `insert into flow_state (flow, state, code, since) values ('accounts', 'paused', 'same_fault', now())`,
    );
    await watch.round();
    expect(await openKeys(at)).toEqual(['flow_paused/accounts']);
  });
});

describe('the outbox', () => {
  it('delivers when the receiver is back, with the same id, and in the order of each alert', async () => {
    const at = await between();
    const receiver = await aReceiver();
    const clock = startOfTest();
    const watch = watching(at, clock, receiver);
    receiver.status = 503;
    await credentials(at, 'refused');
    await watch.round();
    await watch.send();
    await credentials(at, 'good');
    await watch.round(60);
    await watch.send();
    expect(await noticesWaiting(at.journey.context.database)).toMatchObject({
      count: 2,
      problem: 'the receiver answered with status 503',
    });
    receiver.status = 200;
    clock.now = new Date(clock.now.getTime() + 60_000);
    await watch.send();
    expect(told(receiver)).toEqual([
      'alert.raised connection_paused/erp',
      'alert.raised connection_paused/erp',
      'alert.raised connection_paused/erp',
      'alert.resolved connection_paused/erp',
    ]);
    expect(new Set(receiver.received.map(({ id }) => id)).size).toBe(2);
    expect((await noticesWaiting(at.journey.context.database)).count).toBe(0);
  });

  it('keeps a notice whose sender was killed, and sends it again', async () => {
    const at = await between();
    const receiver = await aReceiver();
    const clock = startOfTest();
    const watch = watching(at, clock, receiver);
    await credentials(at, 'refused');
    await watch.round();
    const dead: Outbox = {
      database: at.journey.context.database,
      send: () => Promise.reject(new Error('killed')),
      now: () => clock.now,
      random: () => 1,
      log: pino({ level: 'silent' }),
    };
    await expect(sendNotices(dead, never)).rejects.toThrow('killed');
    await watch.send();
    expect(told(receiver)).toEqual([]);
    clock.now = new Date(clock.now.getTime() + 60_000);
    await watch.send();
    expect(told(receiver)).toEqual(['alert.raised connection_paused/erp']);
  });

  it('tells what is open when a webhook is configured later, and nothing of what has ended by then', async () => {
    const at = await between();
    const clock = startOfTest();
    const before = watching(at, clock);
    before.problems = [{ code: 'no_mappings', message: '', remedy: '' }];
    await credentials(at, 'refused');
    await before.round();
    before.problems = [];
    for (let n = 0; n < 5; n++) await before.round();
    const receiver = await aReceiver();
    const after = watching(at, clock, receiver);
    await after.round();
    await after.send();
    expect(told(receiver)).toEqual(['alert.raised connection_paused/erp']);
  });

  it('gives a notice up after three days, and says so', async () => {
    const at = await between();
    const receiver = await aReceiver();
    const clock = startOfTest();
    const watch = watching(at, clock, receiver);
    receiver.status = 400;
    await credentials(at, 'refused');
    await watch.round();
    clock.now = new Date(clock.now.getTime() + 73 * 3_600_000);
    await watch.send();
    expect(watch.log.at(-1)).toMatchObject({
      level: 50,
      msg: 'the alert webhook has not taken a notice for three days; it is given up',
    });
    expect((await noticesWaiting(at.journey.context.database)).count).toBe(0);
  });
});

describe('secrets and payloads (P10)', () => {
  it('stand in no alert, no notice and no log line', async () => {
    const at = await between();
    at.sink.refuse = () =>
      new Fault({ kind: 'invalid_record', code: 'odoo_validation_error', message: 'CANARY of the vendor' });
    at.source.put('c1', { name: 'CANARY payload' });
    await at.journey.carry();
    const receiver = await aReceiver();
    const watch = watching(at, startOfTest(), receiver);
    watch.problems = [
      {
        code: 'mapping_unknown_key',
        message: 'CANARY of a file',
        remedy: '',
        frame: 'CANARY',
        at: { file: 'a.yaml', line: 1, column: 1 },
      },
    ];
    await credentials(at, 'refused');
    await watch.round();
    await watch.send();
    expect(told(receiver)).toHaveLength(3);
    const rows = await sql(
      at.journey,
      `select to_jsonb(a)::text as row from alert a union all select to_jsonb(n)::text from alert_notice n`,
    );
    const everything = JSON.stringify([rows, receiver.received, watch.log]);
    expect(everything).not.toContain('CANARY');
    expect(everything).not.toContain(secret.slice('whsec_'.length));
    expect(everything).not.toContain('/hook');
  });
});
