import { CausewayError } from '../errors/error.ts';
import { problem } from '../errors/catalogue.ts';
import { first } from './migrations/0001-first.ts';
import { payloads } from './migrations/0002-payloads.ts';
import { fleet } from './migrations/0003-fleet.ts';
import { keyLocks } from './migrations/0004-key-locks.ts';
import { removals } from './migrations/0006-removals.ts';
import { auditResults } from './migrations/0007-audit-results.ts';
import { alerts } from './migrations/0008-alerts.ts';
import { type Database, transaction } from './database.ts';

const migrations: readonly string[] = [first, payloads, fleet, keyLocks, removals, auditResults, alerts];

/**
 * Whether the schema is there, for whoever may not migrate. Throws `schema_newer`, or `schema_older` when it was made by
 * an older program.
 */
export async function findSchema(database: Database): Promise<'current' | 'missing'> {
  const { rows } = await database.query<{ there: boolean }>(
    "select to_regclass('causeway.schema_version') is not null as there",
  );
  if (rows[0]?.there !== true) return 'missing';
  const version = await database.query<{ version: number }>(
    'select coalesce(max(version), 0) as version from causeway.schema_version',
  );
  const found = version.rows[0]?.version ?? 0;
  refuseNewer(found);
  if (found < migrations.length)
    throw new CausewayError([
      problem(
        'schema_older',
        `The database has schema version ${found}; this program needs version ${migrations.length}.`,
      ),
    ]);
  return 'current';
}

function refuseNewer(found: number): void {
  if (found <= migrations.length) return;
  throw new CausewayError([
    problem(
      'schema_newer',
      `The database has schema version ${found}; this program knows versions up to ${migrations.length}.`,
    ),
  ]);
}

/** Any 64-bit number would do; every process of every version must use the same one. */
const migrationLock = '7426983450217';

/**
 * Brings the schema to this program's version, once, whichever of several processes comes first: the others wait
 * for the lock and find nothing left to do. Each run is one transaction.
 * Throws `schema_newer` when the database was migrated by a newer program.
 */
export async function migrate(database: Database): Promise<void> {
  await transaction(database, async (tx) => {
    await tx.query('select pg_advisory_xact_lock($1)', [migrationLock]);
    await tx.query('create schema if not exists causeway');
    await tx.query(
      'create table if not exists causeway.schema_version (version integer primary key, migrated_at timestamptz not null default now())',
    );
    const { rows } = await tx.query<{ version: number }>(
      'select coalesce(max(version), 0) as version from causeway.schema_version',
    );
    const found = rows[0]?.version ?? 0;
    refuseNewer(found);
    for (const [index, sql] of migrations.slice(found).entries()) {
      await tx.query('set local search_path to causeway');
      await tx.query(sql);
      await tx.query('insert into causeway.schema_version (version) values ($1)', [found + index + 1]);
    }
  });
}
