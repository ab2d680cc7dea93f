import type { Sql } from './database.ts';

export type Intent = {
  readonly sourceId: string;
  readonly externalKey: string;
  readonly fingerprint: Buffer;
};

/**
 * Commits the wish to create, in one statement of its own, before anything is sent. An intent that stands from an
 * earlier attempt takes the new fingerprint: whoever calls this has just looked the record up and not found it.
 */
export async function commitIntents(sql: Sql, flow: string, intents: readonly Intent[]): Promise<void> {
  await sql.query({
    name: 'commit_intents',
    text: `insert into intent (flow, source_id, external_key, fingerprint, committed_at)
     select $1, i.source_id, i.external_key, i.fingerprint, now()
     from unnest($2::text[], $3::text[], $4::bytea[]) as i (source_id, external_key, fingerprint)
     on conflict (flow, source_id) do update set fingerprint = excluded.fingerprint, committed_at = excluded.committed_at`,
    values: [
      flow,
      intents.map((i) => i.sourceId),
      intents.map((i) => i.externalKey),
      intents.map((i) => i.fingerprint),
    ],
  });
}

/** Counts the time of intents that stand from now on, because what they announce is only sent now. */
export async function renewIntents(sql: Sql, flow: string, sourceIds: readonly string[]): Promise<void> {
  await sql.query({
    name: 'renew_intents',
    text: 'update intent set committed_at = now() where flow = $1 and source_id = any($2::text[])',
    values: [flow, sourceIds],
  });
}

/** An intent that stands: since when, until when its create may still arrive, and whether that time is over. */
export type StandingIntent = { readonly committedAt: Date; readonly until: Date; readonly over: boolean };

/** The intents that stand, by source id. A create may arrive for `arrivesMs` after its intent; the database's clock decides. */
export async function readIntents(
  sql: Sql,
  flow: string,
  sourceIds: readonly string[],
  arrivesMs: number,
): Promise<Map<string, StandingIntent>> {
  const { rows } = await sql.query<StandingIntent & { sourceId: string }>({
    name: 'read_intents',
    text: `select source_id as "sourceId", committed_at as "committedAt", until, clock_timestamp() >= until as over
     from intent cross join lateral (select committed_at + $3 * interval '1 millisecond' as until) u
     where flow = $1 and source_id = any($2::text[])`,
    values: [flow, sourceIds, arrivesMs],
  });
  return new Map(rows.map(({ sourceId, ...intent }) => [sourceId, intent]));
}

/** Removes the intents whose outcome is known and settled. */
export async function closeIntents(sql: Sql, flow: string, sourceIds: readonly string[]): Promise<void> {
  await sql.query({
    name: 'close_intents',
    text: 'delete from intent where flow = $1 and source_id = any($2::text[])',
    values: [flow, sourceIds],
  });
}
