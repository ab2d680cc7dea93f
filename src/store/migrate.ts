import { setTimeout as pause } from 'node:timers/promises';
import { DatabaseError } from 'pg';
import { CausewayError } from '../errors/error.ts';
import { problem } from '../errors/catalogue.ts';
import { first } from './migrations/0001-first.ts';
import { payloads } from './migrations/0002-payloads.ts';
import { fleet } from './migrations/0003-fleet.ts';
import { keyLocks } from './migrations/0004-key-locks.ts';
import { deadLetters } from './migrations/0005-dead-letters.ts';
import { removals } from './migrations/0006-removals.ts';
import { auditResults } from './migrations/0007-audit-results.ts';
import { alerts } from './migrations/0008-alerts.ts';
import { requestedWork } from './migrations/0009-requested-work.ts';
import { hints } from './migrations/0010-hints.ts';
import { apiKeys } from './migrations/0011-api-keys.ts';
import { tracesOfWishes } from './migrations/0012-traces-of-wishes.ts';
import { type Database, transaction } from './database.ts';

const migrations: readonly string[] = [
  first,
  payloads,
  fleet,
  keyLocks,
  deadLetters,
  removals,
  auditResults,
  alerts,
  requestedWork,
  hints,
  apiKeys,
  tracesOfWishes,
];

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
  refuseNewer(found, migrations);
  if (found < migrations.length)
    throw new CausewayError([
      problem(
        'schema_older',
        `The database has schema version ${found}; this program needs version ${migrations.length}.`,
      ),
    ]);
  return 'current';
}

function refuseNewer(found: number, known: readonly string[]): void {
  if (found <= known.length) return;
  throw new CausewayError([
    problem(
      'schema_newer',
      `The database has schema version ${found}; this program knows versions up to ${known.length}.`,
    ),
  ]);
}

/** Any 64-bit number would do; every process of every version must use the same one. */
const migrationLock = '7426983450217';

/** How long a migration waits for a table that somebody uses; everybody who comes later waits behind it as long. */
const lockTimeoutMs = 500;
const pauseMs = 1000;
const tries = 80;

/** SQLSTATEs of a migration that gave way to somebody who uses its tables. */
const gaveWay = new Set(['55P03', '40P01']);

/**
 * Brings the schema to this program's version, once, whichever of several processes comes first: the others wait
 * for the lock and find nothing left to do. Each migration is one transaction. An older program may run meanwhile:
 * migrations only add, and one that does not get its tables at once lets go and tries again, so that nobody queues up
 * behind it.
 * Throws `schema_newer` when the database was migrated by a newer program, `migration_blocked` when the tables were in
 * use for two minutes. Tests hand in steps of their own.
 */
export async function migrate(database: Database, steps: readonly string[] = migrations): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      while (await migrateOnce(database, steps));
      return;
    } catch (error) {
      if (!(error instanceof DatabaseError) || !gaveWay.has(error.code ?? '')) throw error;
      if (attempt === tries) throw blocked(error);
      await pause(pauseMs);
    }
  }
}

const blocked = (error: Error): CausewayError =>
  new CausewayError([
    problem('migration_blocked', `The database could not be migrated in two minutes: ${error.message}.`),
  ]);

/** Applies the next step in one transaction; false when there is none left. */
async function migrateOnce(database: Database, steps: readonly string[]): Promise<boolean> {
  return transaction(database, async (tx) => {
    await tx.query('select pg_advisory_xact_lock($1)', [migrationLock]);
    await tx.query(`set local lock_timeout = ${lockTimeoutMs}`);
    await tx.query('create schema if not exists causeway');
    await tx.query(
      'create table if not exists causeway.schema_version (version integer primary key, migrated_at timestamptz not null default now())',
    );
    const { rows } = await tx.query<{ version: number }>(
      'select coalesce(max(version), 0) as version from causeway.schema_version',
    );
    const found = rows[0]?.version ?? 0;
    refuseNewer(found, steps);
    const step = steps[found];
    if (step === undefined) return false;
    await tx.query('set local search_path to causeway');
    await tx.query(step);
    await tx.query('insert into causeway.schema_version (version) values ($1)', [found + 1]);
    return true;
  });
}
