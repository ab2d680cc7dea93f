import type { Sql } from './database.ts';

/** What an Idempotency-Key stands for. */
export type KeptKey = { readonly fingerprint: Buffer; readonly requestId: string };

/** A key, and whose it is: two API keys may use the same one for different things. */
export type ScopedKey = { readonly scope: string; readonly key: string };

/** Locks a key until the transaction ends; false when another request with it is being taken in at this moment. */
export async function lockKey(tx: Sql, { scope, key }: ScopedKey): Promise<boolean> {
  const { rows } = await tx.query<{ ours: boolean }>(
    'select pg_try_advisory_xact_lock(hashtextextended($1, 44)) as ours',
    [JSON.stringify([scope, key])],
  );
  return rows[0]?.ours === true;
}

/** What a key stands for, or null when it was not used, or too long ago. */
export async function readKey(tx: Sql, { scope, key }: ScopedKey): Promise<KeptKey | null> {
  const { rows } = await tx.query<KeptKey>(
    'select fingerprint, request_id as "requestId" from idempotency_key where scope = $1 and key = $2 and expires_at > now()',
    [scope, key],
  );
  return rows[0] ?? null;
}

/** Keeps what a key stands for, in the transaction that stores the request. */
export async function keepKey(
  tx: Sql,
  { scope, key }: ScopedKey,
  { fingerprint, requestId }: KeptKey,
  seconds: number,
): Promise<void> {
  await tx.query(
    `insert into idempotency_key (scope, key, fingerprint, request_id, expires_at) values ($1, $2, $3, $4, now() + make_interval(secs => $5))
     on conflict (scope, key) do update set fingerprint = excluded.fingerprint, request_id = excluded.request_id, expires_at = excluded.expires_at`,
    [scope, key, fingerprint, requestId, seconds],
  );
}

/** Forgets keys whose time is over. */
export async function purgeKeys(
  tx: Sql,
): Promise<{ readonly removed: number; readonly after: string | null }> {
  const { rowCount } = await tx.query(
    `delete from idempotency_key where (scope, key) in (select scope, key from idempotency_key where expires_at < now() limit 1000)`,
  );
  const removed = rowCount ?? 0;
  return { removed, after: removed === 0 ? null : '0' };
}
