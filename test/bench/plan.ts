/**
 * Plans over many mirrored records: `node test/bench/plan.ts [--quick]`. The rows are put straight into the tables of a
 * fresh embedded database. The floor is reading the same mirror rows through the same driver, without mapping them.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { CompiledMapping } from '../../src/mapping/compile.ts';
import { readMappings } from '../../src/mapping/read.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { startEmbedded } from '../../src/store/embedded.ts';
import { migrate } from '../../src/store/migrate.ts';
import { planFlow } from '../../src/sync/plan-report.ts';
import { planPages } from '../../src/sync/plan.ts';

const records = process.argv.includes('--quick') ? 5000 : 100_000;
const never = new AbortController().signal;

function mapping(city: string): CompiledMapping {
  const text = `flow: customers
read: { from: crm, entity: companies }
write: { to: erp, entity: res.partner, key: ref }
only_when: name != null
fields:
  ref: { from: id }
  name: { from: name, required: true, max: 100 }
  street: { from: address }
  city: ${city}
  zip: { from: zip }
  country_id: { from: country, as: country }
  phone: { from: phone }
  credit_limit: { from: credit, as: decimal, scale: 2 }
  comment: { template: 'Fax {fax}' }
  parent_id: { reference: customers, from: parent, if_missing: 'null' }
`;
  const [found] = readMappings([{ path: 'customers.yaml', text }], []).mappings;
  if (found === undefined) throw new Error('the mapping of the benchmark is not sound');
  return found;
}

async function fill(database: Database): Promise<void> {
  await database.query(
    `insert into mirror (connection, entity, source_id, fingerprint, record, modified_at, changed_at)
     select 'crm', 'companies', lpad(n::text, 8, '0'), 'x', jsonb_build_object('id', lpad(n::text, 8, '0'), 'name', 'Company ' || n, 'address', 'Obere Str. ' || n,
       'city', case when n % 2 = 0 then 'Berlin' else 'London' end, 'zip', lpad((n % 99999)::text, 5, '0'), 'country', 'Germany', 'phone', '030-' || n, 'fax', '030-' || n,
       'credit', (n % 1000)::text || '.50', 'parent', case when n % 10 = 0 then '00000001' end, 'industry', 'RETAIL', 'domain', 'company' || n || '.example', 'description', repeat('text ', 20)),
       now(), now() from generate_series(1, $1) n`,
    [records],
  );
  await database.query(
    `insert into link (flow, source_id, external_key, target_id, version, state, since)
     select 'customers', source_id, source_id, source_id, 1, 'synced', now() from mirror`,
  );
}

/** Makes every link hold the fingerprint and the payload of what `by` makes of its record. */
async function deliver(database: Database, by: CompiledMapping): Promise<void> {
  for await (const page of planPages({ database, now: () => new Date() }, by, never)) {
    const rows = page.flatMap(({ id, decision }) => (decision.do === 'update' ? [{ id, ...decision }] : []));
    await database.query(
      `update link set fingerprint = d.fingerprint, mapping_hash = $4 from unnest($1::text[], $2::bytea[], $3::text[]) as d (id, fingerprint, output) where source_id = d.id`,
      [rows.map((row) => row.id), rows.map((row) => row.fingerprint), rows.map(() => ''), by.hash],
    );
    await database.query(
      `insert into payload (flow, source_id, output) select 'customers', d.id, d.output from unnest($1::text[], $2::text[]) as d (id, output)`,
      [rows.map((row) => row.id), rows.map((row) => JSON.stringify(row.output))],
    );
  }
}

async function timed(name: string, work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  const seconds = (performance.now() - started) / 1000;
  process.stdout.write(
    `  ${name.padEnd(46)} ${seconds.toFixed(2).padStart(7)} s ${Math.round(records / seconds)
      .toLocaleString('en')
      .padStart(9)} records/s\n`,
  );
  return seconds;
}

async function readOnly(database: Database): Promise<void> {
  let after = '';
  for (;;) {
    const { rows } = await database.query<{ source_id: string }>(
      `select source_id, record from mirror where connection = 'crm' and entity = 'companies' and source_id > $1 order by source_id limit 1000`,
      [after],
    );
    if (rows.length === 0) return;
    after = rows.at(-1)?.source_id ?? after;
  }
}

const folder = await mkdtemp(join(tmpdir(), 'causeway-bench-'));
const embedded = await startEmbedded({ dir: join(folder, 'postgres'), log: pino({ level: 'silent' }) });
const database = openDatabase(embedded.url, { max: 4, onError: () => {} });
try {
  await migrate(database);
  await fill(database);
  const former = mapping('{ from: city }');
  await deliver(database, former);
  await database.query('analyze');
  process.stdout.write(`Plans over ${records.toLocaleString('en')} mirrored records\n`);
  const context = { database, connections: new Map(), mappings: () => [], now: () => new Date() };
  const plan = (by: CompiledMapping): Promise<unknown> =>
    planFlow(context, by, { sample: 10, live: null, onProgress: () => {} }, never);
  // Whoever comes first would pay for the cold cache.
  await readOnly(database);
  await plan(former);
  const floor = await timed('reading the mirror alone (the floor)', () => readOnly(database));
  const unchanged = await timed('a plan that changes nothing', () => plan(former));
  const all = await timed('a plan that changes a field of every record', () =>
    plan(mapping("{ template: '{city}!' }")),
  );
  const half = await timed('a plan that changes a field of half of them', () =>
    plan(mapping('{ choose: [{ when: city == "Berlin", value: BE }], else: { from: city } }')),
  );
  process.stdout.write(
    `  times the floor: ${[unchanged, all, half].map((seconds) => (seconds / floor).toFixed(1)).join(', ')}\n  memory: ${Math.round(process.memoryUsage().rss / 1e6)} MB\n`,
  );
} finally {
  await database.end();
  await embedded.stop();
  await rm(folder, { recursive: true, force: true });
}
