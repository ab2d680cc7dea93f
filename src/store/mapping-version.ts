import type { Mapping } from '../mapping/mapping.ts';
import type { Sql } from './database.ts';

/** Keeps the text of a mapping the first time it is used, so that a delivery can show the rules that made it. */
export async function keepMappingVersion(sql: Sql, mapping: Mapping): Promise<void> {
  await sql.query(
    'insert into mapping_version (hash, flow, text, first_used_at) values ($1, $2, $3, now()) on conflict do nothing',
    [mapping.hash, mapping.flow, mapping.text],
  );
}
