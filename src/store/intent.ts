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

/** Removes the intents whose outcome is known and settled. */
export async function closeIntents(sql: Sql, flow: string, sourceIds: readonly string[]): Promise<void> {
  await sql.query({
    name: 'close_intents',
    text: 'delete from intent where flow = $1 and source_id = any($2::text[])',
    values: [flow, sourceIds],
  });
}
