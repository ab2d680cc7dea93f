import type { FieldFault } from '../connector/fault.ts';
import type { Sql } from './database.ts';
import type { LetterId } from './dead-letter.ts';

/** What a link itself knows of the failure that its record was put aside for. */
export type DeadLink = {
  readonly sourceId: string;
  readonly code: string | null;
  readonly reason: string | null;
  readonly fields: readonly FieldFault[] | null;
  readonly attempts: number;
  readonly version: string;
  readonly targetId: string | null;
  readonly mappingHash: string | null;
};

/** Those of the records that are dead, locked in id order. The caller has locked their mirror rows before. */
export async function findDeadLinks(
  sql: Sql,
  flow: string,
  sourceIds: readonly string[],
): Promise<DeadLink[]> {
  const { rows } = await sql.query<DeadLink>(
    `select source_id as "sourceId", code, reason, fields, attempts, version, target_id as "targetId", mapping_hash as "mappingHash"
     from link where flow = $1 and source_id = any($2::text[]) and state = 'dead' order by source_id for update`,
    [flow, sourceIds],
  );
  return rows;
}

/** Forgets the letters of records that are not dead. */
export async function forgetLetters(sql: Sql, flow: string, sourceIds: readonly string[]): Promise<void> {
  await sql.query('delete from dead_letter where flow = $1 and source_id = any($2::text[])', [
    flow,
    sourceIds,
  ]);
}

/** The names of the letters of records. */
export async function letterIds(sql: Sql, flow: string, sourceIds: readonly string[]): Promise<LetterId[]> {
  const { rows } = await sql.query<LetterId>(
    'select source_id as "sourceId", id from dead_letter where flow = $1 and source_id = any($2::text[])',
    [flow, sourceIds],
  );
  return rows;
}
