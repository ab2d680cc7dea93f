/**
 * What a lookup costs: one that is kept, against the same reply from bare Fastify; a live one, against calling the
 * stand-in for Odoo directly, and against the least that stands between; a thousand that ask for the same; all of it while a backfill runs in the same process; and
 * what callers get from a system that hangs, refuses, drips or answers with rubbish. Everything in one run, on loopback,
 * each party in a process of its own. Usage: node test/bench/lookups.ts [--quick] [--records N]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import {
  serveBare,
  serveCauseway,
  serveRelay,
  type Served,
  serveSandboxes,
  writeConfig,
  writeMappings,
} from './lookup-hall.ts';
import { seedEntries } from '../../connectors/hubspot/sandbox/seeds.ts';
import { hardship } from './lookup-hardship.ts';
import {
  answered,
  askOnce,
  burst,
  flood,
  inWords,
  show,
  type Sent,
  type Spread,
  spread,
  steadily,
} from './lookup-load.ts';

const { values } = parseArgs({ options: { quick: { type: 'boolean' }, records: { type: 'string' } } });
const quick = values.quick === true;
const records = Number(values.records ?? (quick ? 4000 : 50_000));
const rounds = quick ? 2 : 5;
const floodSeconds = quick ? 1 : 4;
const sequential = quick ? 500 : 3000;
const troubled = quick ? 1000 : 10_000;
const perSecond = 30;

const folder = await mkdtemp(join(tmpdir(), 'causeway-lookups-'));
const closers: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
const closeLater = async (serving: Promise<Served>): Promise<Served> => {
  const served = await serving;
  closers.push(served.stop);
  return served;
};
const middle = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
const say = (line: string): void => console.log(line);

/** The ids of the generated companies, as the stand-in for HubSpot gives them. */
const ids: string[] = [];
for (const entry of seedEntries(`companies:${Math.min(records, 5000)}`, 0))
  if ('id' in entry) ids.push(entry.id);
const keyOf = (n: number): string => ids[n % ids.length] ?? '';

/** The very call that the live lookup makes, without Causeway. */
const callHeaders = {
  'content-type': 'application/json',
  authorization: 'bearer sandbox-api-key',
  'x-odoo-database': 'odoo',
};
const callBody = {
  fields: ['name', 'city', 'ref', 'write_date', 'write_uid'],
  context: { lang: 'en_US', active_test: false, tz: 'UTC' },
};
const callPath = '/json/2/res.partner/search_read';
const direct: Sent = {
  headers: callHeaders,
  body: JSON.stringify({ domain: [['id', 'in', [1]]], ...callBody }),
};

/** Times of the given work, one after the other. */
async function inTurn(count: number, ask: () => Promise<{ status: number; ms: number }>): Promise<number[]> {
  const times: number[] = [];
  for (let n = 0; n < count; n++) {
    const { status, ms } = await ask();
    if (status !== 200) throw new Error(`answered with ${status}`);
    times.push(ms);
  }
  return times;
}

async function compareKept(causeway: Served, body: string): Promise<void> {
  const path = `/v1/lookups/kept/${keyOf(0)}`;
  for (const how of ['text', 'object'] as const) {
    const bare = await serveBare(body, how);
    const ours: { perSecond: number; p99: number }[] = [];
    const theirs: { perSecond: number; p99: number }[] = [];
    for (let round = 0; round < rounds; round++) {
      theirs.push(await flood(`${bare.url}${path}`, floodSeconds));
      ours.push(await flood(`${causeway.url}${path}`, floodSeconds));
    }
    await bare.stop();
    const [rate, floor] = [
      middle(ours.map((one) => one.perSecond)),
      middle(theirs.map((one) => one.perSecond)),
    ];
    say(
      `kept, against bare Fastify that sends ${how === 'text' ? 'the text' : 'an object'}: ${Math.round(rate)}/s of ${Math.round(floor)}/s, ratio ${(rate / floor).toFixed(2)}; p99 ${show(middle(ours.map((one) => one.p99)))} against ${show(middle(theirs.map((one) => one.p99)))}`,
    );
  }
}

async function compareLive(causeway: Served, erp: Served): Promise<void> {
  const agent = new Agent({ keepAlive: true });
  const call = { path: callPath, headers: callHeaders, body: callBody };
  const relay = await serveRelay(await causeway.database(), erp.url, call);
  const path = `/v1/lookups/live/${keyOf(0)}`;
  const asked = {
    ours: { times: [] as number[], ask: () => askOnce(`${causeway.url}${path}`, agent) },
    direct: { times: [] as number[], ask: () => askOnce(`${erp.url}${callPath}`, agent, direct) },
    relay: { times: [] as number[], ask: () => askOnce(`${relay.url}${path}`, agent) },
  };
  for (let round = 0; round < rounds; round++)
    for (const { times, ask } of Object.values(asked))
      times.push(...(await inTurn(sequential / rounds, ask)));
  agent.destroy();
  await relay.stop();
  const [ours, without, least] = [
    spread(asked.ours.times),
    spread(asked.direct.times),
    spread(asked.relay.times),
  ];
  say(`live: ${inWords(ours)}; added at the median: ${show(ours.p50 - without.p50)}`);
  say(`  the stand-in directly: ${inWords(without)}`);
  say(
    `  bare Fastify with one statement and one call of axios: ${inWords(least)}; added at the median: ${show(least.p50 - without.p50)}`,
  );
}

async function callsOf(erp: Served): Promise<number> {
  const { body } = await askOnce(`${erp.url}/_sandbox/stats`, new Agent());
  const { requests } = JSON.parse(body) as { requests: { [call: string]: number } };
  return requests['res.partner.search_read'] ?? requests['res.partner/search_read'] ?? Number.NaN;
}

/** A thousand at once, of bare Fastify as well: what the callers themselves cost stands in both. */
async function thousand(causeway: Served, erp: Served, n: number, when: string): Promise<void> {
  const body = await answered(`${causeway.url}/v1/lookups/live/${keyOf(n)}`);
  const bare = await serveBare(body, 'text');
  const floor = spread((await burst(`${bare.url}/v1/lookups/kept/${keyOf(n)}`, 1000)).map(({ ms }) => ms));
  await bare.stop();
  const before = await callsOf(erp);
  const all = await burst(`${causeway.url}/v1/lookups/kept/${keyOf(n)}`, 1000);
  const calls = (await callsOf(erp)) - before;
  const good = all.filter(({ status }) => status === 200).length;
  const ours = spread(all.map(({ ms }) => ms));
  say(
    `1,000 identical at once, ${when}: ${good} answered, ${calls} vendor call(s); ${inWords(ours)}; of bare Fastify ${inWords(floor)}, ratio of p99 ${(ours.p99 / floor.p99).toFixed(2)}`,
  );
}

/** Kept and live lookups and direct calls at a steady pace, all at the same time, until told to end. */
async function pace(
  causeway: Served,
  erp: Served,
  until: Promise<unknown>,
): Promise<{ [what: string]: Spread }> {
  const url = (name: string) => (n: number) => `${causeway.url}/v1/lookups/${name}/${keyOf(n % 100)}`;
  const [keptOnes, live, straight] = await Promise.all([
    steadily(url('kept'), perSecond, until),
    steadily(url('live'), perSecond, until),
    steadily(() => `${erp.url}${callPath}`, perSecond, until, direct),
  ]);
  const bad = [...keptOnes, ...live].filter(({ status }) => status !== 200);
  if (bad.length > 0) say(`  ${bad.length} were refused: ${bad[0]?.body ?? ''}`);
  const times = (all: readonly { ms: number }[]): Spread => spread(all.map(({ ms }) => ms));
  return { kept: times(keptOnes), live: times(live), 'the stand-in directly': times(straight) };
}

function showPaces(when: string, paces: { [what: string]: Spread }): void {
  say(`${when}, ${perSecond} a second of each:`);
  for (const [what, spread_] of Object.entries(paces)) say(`  ${what}: ${inWords(spread_)}`);
}

try {
  await writeMappings(folder);
  const seeded = await writeConfig(folder, 'bench', records, 'sandbox: { seed: empty }');
  const erp = await closeLater(serveSandboxes(seeded));
  const causeway = await closeLater(serveCauseway(seeded));
  // The backfill runs in the process that answers. The first hundred customers are in the ERP almost at once.
  const started = performance.now();
  const carried = causeway.carry();
  await answered(`${causeway.url}/v1/lookups/live/${keyOf(99)}`);
  await thousand(causeway, erp, 100, 'while the backfill runs');
  const during = await pace(causeway, erp, carried);
  showPaces(`While a backfill of ${records} records runs`, during);
  say(`  the backfill took ${((performance.now() - started) / 1000).toFixed(1)} s`);
  await thousand(causeway, erp, 101, 'idle');
  showPaces('Idle', await pace(causeway, erp, sleep(quick ? 5000 : 20_000)));
  const reply = await answered(`${causeway.url}/v1/lookups/kept/${keyOf(0)}`);
  await compareKept(causeway, reply);
  await compareLive(causeway, erp);
  await causeway.stop();
  await hardship({ folder, erp, records, callers: troubled, keyOf, say });
} finally {
  for (const close of closers.toReversed()) await close();
}
