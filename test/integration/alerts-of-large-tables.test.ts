import { afterEach, describe, expect, it } from 'vitest';
import { within } from '../../src/store/database.ts';
import { readFacts } from '../../src/sync/alert-facts.ts';
import { between, closeAll, sql } from './setting.ts';

afterEach(closeAll);

type Reads = { readonly table: string; readonly scans: number; readonly rows: number };

describe('what alerts are judged by', () => {
  it('is read from indexes: no large table is read whole, and the longest queue costs no more than a short one', async () => {
    const { journey } = await between();
    const many = 20_000;
    await sql(
      journey,
      `insert into mirror (connection, entity, source_id, fingerprint, modified_at, changed_at)
       select 'crm', 'accounts', 'c' || n, '', now(), now() from generate_series(1, ${many}) n`,
    );
    await sql(
      journey,
      `insert into link (flow, source_id, external_key, version, state, code, since)
       select 'accounts', 'c' || n, n::text, 1, case when n % 10 = 0 then 'dead' when n % 10 = 1 then 'retrying' else 'synced' end, 'some_code', now() - interval '2 days'
       from generate_series(1, ${many}) n`,
    );
    await sql(
      journey,
      `insert into causeway_jobs.job (name, singleton_key, policy, priority, dead_letter, created_on)
       select 'push/accounts', 'c' || n, 'exclusive', 20, 'push/accounts/dead', now() - make_interval(secs => n) from generate_series(1, ${many}) n`,
    );
    await sql(journey, 'analyze');
    const { database, mappings } = journey.context;
    const reads = await within(database, { ms: 10_000, readOnly: true }, async (tx) => {
      // Counted within this transaction alone: what others do beside it does not show.
      const look = async () =>
        (
          await tx.query<Reads>(
            `select relname as table, coalesce(seq_scan, 0)::int as scans, (coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::int as rows
             from pg_stat_xact_user_tables where relname in ('mirror', 'link', 'job_common')`,
          )
        ).rows;
      const before = await look();
      const facts = await readFacts(tx, mappings(), new Date());
      expect(facts.flows[0]?.oldestUnsettled).not.toBeNull();
      const after = await look();
      return after.map(({ table, scans, rows }) => {
        const old = before.find((one) => one.table === table);
        return { table, scans: scans - (old?.scans ?? 0), rows: rows - (old?.rows ?? 0) };
      });
    });
    expect(reads.map(({ table }) => table).sort()).toEqual(['job_common', 'link', 'mirror']);
    for (const { table, scans, rows } of reads) {
      expect([table, scans]).toEqual([table, 0]);
      expect(rows, table).toBeLessThan(20);
    }
  });
});
