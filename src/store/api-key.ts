import type { Sql } from './database.ts';

/** A key as it is stored: nothing here lets anybody in. */
export type ApiKey = {
  /** The part of the key that may be shown, by which it is listed and revoked. */
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  /** When it was used last, to the minute. */
  readonly usedAt: Date | null;
};

const columns = `id, name, scopes, created_at as "createdAt", created_by as "createdBy", expires_at as "expiresAt",
  revoked_at as "revokedAt", used_at as "usedAt"`;

export async function addApiKey(
  sql: Sql,
  key: Pick<ApiKey, 'id' | 'name' | 'scopes' | 'createdBy' | 'expiresAt'> & { readonly hash: Buffer },
): Promise<void> {
  await sql.query(
    'insert into api_key (id, name, hash, scopes, created_at, created_by, expires_at) values ($1, $2, $3, $4, now(), $5, $6)',
    [key.id, key.name, key.hash, key.scopes, key.createdBy, key.expiresAt],
  );
}

/** Every key that was ever made, the oldest first, with its hash. */
export async function listApiKeys(sql: Sql): Promise<(ApiKey & { readonly hash: Buffer })[]> {
  const { rows } = await sql.query<ApiKey & { hash: Buffer }>(
    `select ${columns}, hash from api_key order by created_at, id`,
  );
  return rows;
}

/** True when the key was there and not yet revoked. */
export async function revokeApiKey(sql: Sql, id: string): Promise<boolean> {
  const { rowCount } = await sql.query(
    'update api_key set revoked_at = now() where id = $1 and revoked_at is null',
    [id],
  );
  return rowCount === 1;
}

/** Notes that keys were used, to the minute. */
export async function touchApiKeys(sql: Sql, ids: readonly string[], at: Date): Promise<void> {
  await sql.query('update api_key set used_at = greatest(used_at, $2) where id = any($1::text[])', [ids, at]);
}
