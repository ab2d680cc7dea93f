import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { signatureV3 } from '../../connectors/hubspot/signature.ts';
import { webhookSecret } from '../connectors/hubspot/a-webhook.ts';
import { type Service, startWorld, type World } from './processes.ts';
import { type Running, startRunning } from './running.ts';

let world: World;
let database: pg.Client;
let running: Running[] = [];

afterEach(async () => {
  await Promise.all(running.map((each) => each.kill()));
  running = [];
  await database.end();
  await world.close();
});

/** Two systems, a database, and the shipped mappings with `schedule: continuous`. */
async function open(crm: string): Promise<void> {
  world = await startWorld({ crm, erp: 'empty:19' });
  database = new pg.Client({ connectionString: world.database });
  await database.connect();
  for (const file of (await readdir(world.mappings)).filter((name) => /^[a-z]+\.yaml$/.test(name))) {
    const path = join(world.mappings, file);
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace(/^schedule: .*$/m, 'schedule: continuous'));
  }
}

async function number(sql: string): Promise<number> {
  const { rows } = await database.query<{ n: number }>(`select (${sql})::int as n`);
  return rows[0]?.n ?? 0;
}

const until = (holds: () => Promise<boolean>, timeout = 60_000): Promise<boolean> =>
  vi.waitUntil(holds, { timeout, interval: 10 });

const endpoint = (url: string): string => `${url}/v1/webhooks/crm`;
type Company = { readonly id: string; readonly city: string; readonly northwind_id?: string };

/** One signed webhook about one company; whether it was taken. */
async function tell(url: string, id: string): Promise<boolean> {
  const body = JSON.stringify([{ subscriptionType: 'company.propertyChange', objectId: Number(id) }]);
  const timestamp = String(Date.now());
  const signature = signatureV3(webhookSecret, {
    method: 'POST',
    url: endpoint(url),
    body: Buffer.from(body),
    timestamp,
  });
  try {
    const answer = await fetch(endpoint(url), {
      method: 'POST',
      body,
      headers: { 'x-hubspot-signature-v3': signature, 'x-hubspot-request-timestamp': timestamp },
    });
    return answer.status === 202;
  } catch {
    return false;
  }
}

const middle = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;

describe('a change with a webhook', () => {
  it('is in the ERP in about a second, also when webhooks come twice and in disorder', async () => {
    await open('northwind');
    const service: Service = await world.service();
    try {
      await world.control('crm', 'PUT', 'misbehave', { webhookCopies: 3, webhookDisorder: true });
      await world.control('crm', 'PUT', 'webhooks', { url: endpoint(service.url) });
      const companies = (await world.truth<Company>('crm', 'companies')).slice(0, 20);
      const took: number[] = [];
      for (const [index, { id }] of companies.entries()) {
        const before = await number(`select count(*) from causeway.history where event = 'updated'`);
        const began = performance.now();
        await world.control('crm', 'PATCH', `records/companies/${id}`, { city: `City ${index}` });
        await until(
          async () =>
            (await number(`select count(*) from causeway.history where event = 'updated'`)) > before,
        );
        took.push(performance.now() - began);
      }
      process.stdout.write(
        `a change by webhook is in the ERP after ${middle(took).toFixed(0)} ms at the median, ${Math.max(...took).toFixed(0)} ms at the most\n`,
      );
      // Polling would take 30 seconds.
      expect(middle(took)).toBeLessThan(5000);
      const partners = await world.truth<{ city: string | false }>('erp', 'res.partner');
      const cities = new Set(partners.map(({ city }) => city));
      expect(companies.every((_company, index) => cities.has(`City ${index}`))).toBe(true);
      expect(await number(`select count(*) from causeway.history where event = 'updated'`)).toBe(20);
    } finally {
      await service.stop('SIGTERM');
    }
  }, 240_000);
});

describe('a thousand webhooks at once', () => {
  it('lose nothing when the process is killed while they come in, and again while they are read', async () => {
    await open('companies:1000');
    const serve = async (): Promise<{ readonly url: string; readonly process: Running }> => {
      const started = startRunning('start', '--json', '--config', world.config);
      running.push(started);
      const said = await started.until('"url"').then(() => started.said());
      const [, url = ''] = /"url": ?"([^"]+)"/u.exec(said) ?? [];
      return { url, process: started };
    };
    const first = await serve();
    // No search shows what changes from now on: only webhooks tell of it.
    await world.control('crm', 'PUT', 'misbehave', { indexLagMs: 3_600_000 });
    const companies = await world.truth<Company>('crm', 'companies');
    expect(companies).toHaveLength(1000);
    for (const { id } of companies)
      await world.control('crm', 'PATCH', `records/companies/${id}`, { city: `City ${id}` });

    let taken = 0;
    const killed = Promise.withResolvers<void>();
    const outcomes = await Promise.all(
      companies.map(async ({ id }) => {
        const good = await tell(first.url, id);
        if (good && ++taken === 300) killed.resolve(first.process.kill());
        return { id, good };
      }),
    );
    await killed.promise;
    const refused = outcomes.filter(({ good }) => !good).map(({ id }) => id);
    expect(taken).toBeGreaterThanOrEqual(300);
    process.stdout.write(`${taken} of 1000 webhooks were taken before the process was killed\n`);

    const second = await serve();
    // As HubSpot does, with what nobody has taken.
    const again = await Promise.all(refused.map((id) => tell(second.url, id)));
    await until(async () => (await number('select count(*) from causeway.mirror where version > 1')) > 0);
    await second.process.kill();
    const left = await number('select count(*) from causeway.hint');
    process.stdout.write(`${left} were still to be read when the next one was killed\n`);
    const untold = refused.filter((_id, index) => !again[index]);

    const third = await serve();
    await Promise.all(untold.map((id) => tell(third.url, id)));
    await until(async () => (await number('select count(*) from causeway.hint')) === 0, 120_000);
    await until(async () => (await behind()) === 0, 120_000);
    expect(await number('select count(*) from causeway.link where state <> $$synced$$')).toBe(0);
  }, 400_000);
});

/** Companies whose city in the CRM is not that of the ERP. */
async function behind(): Promise<number> {
  const partners = await world.truth<{ ref: string; city: string | false }>('erp', 'res.partner');
  const cities = new Map(partners.map(({ ref, city }) => [ref, city]));
  const companies = await world.truth<Company>('crm', 'companies');
  return companies.filter(({ id, city }) => cities.get(id) !== city).length;
}
