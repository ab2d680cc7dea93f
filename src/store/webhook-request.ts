import type { Sql } from './database.ts';

/** Remembers that a webhook was taken, in the caller's transaction. False when it was before: somebody sends it again. */
export async function rememberRequest(
  sql: Sql,
  connection: string,
  key: string,
  until: Date,
): Promise<boolean> {
  const { rowCount } = await sql.query({
    name: 'remember_request',
    text: 'insert into webhook_request (connection, key, until) values ($1, $2, $3) on conflict do nothing',
    values: [connection, key, until],
  });
  return rowCount === 1;
}

/** Forgets the webhooks whose signature is no longer good: they would be refused as stale. Gives how many. */
export async function forgetRequests(sql: Sql, now: Date): Promise<number> {
  const { rowCount } = await sql.query('delete from webhook_request where until < $1', [now]);
  return rowCount ?? 0;
}
