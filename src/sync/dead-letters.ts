import type { FieldFault } from '../connector/fault.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { dropDeadLetters } from '../queue/dead-letters.ts';
import { enqueue } from '../queue/enqueue.ts';
import { pushQueue } from '../queue/names.ts';
import { type Sql, transaction } from '../store/database.ts';
import { addHistory } from '../store/history.ts';
import { askAgain, unlinkTargets } from '../store/link.ts';
import { lockMirrorVersions } from '../store/mirror.ts';
import { externalKey } from './external-key.ts';
import type { SyncContext } from './context.ts';

export type DeadLetter = {
  readonly flow: string;
  readonly sourceId: string;
  readonly code: string | null;
  readonly reason: string | null;
  readonly fields: readonly FieldFault[];
  readonly since: Date;
  readonly targetId: string | null;
};

/** The dead letters of a flow, oldest first. A record that has changed since is pending, and no longer listed. */
export async function listDeadLetters(sql: Sql, mapping: Mapping, limit: number): Promise<DeadLetter[]> {
  const { rows } = await sql.query<DeadLetter>(
    `select l.flow, l.source_id as "sourceId", l.code, l.reason, coalesce(l.fields, '[]'::jsonb) as fields, l.since, l.target_id as "targetId"
     from link l join mirror m on m.connection = $2 and m.entity = $3 and m.source_id = l.source_id
     where l.flow = $1 and l.state = 'dead' and l.version >= m.version order by l.since, l.source_id limit $4`,
    [mapping.flow, mapping.read.from, mapping.read.entity, limit],
  );
  return rows;
}

async function findDead(
  sql: Sql,
  flow: string,
  ids: readonly string[] | null,
): Promise<{ source_id: string; code: string | null }[]> {
  const { rows } = await sql.query<{ source_id: string; code: string | null }>(
    `select source_id, code from link where flow = $1 and state = 'dead' and ($2::text[] is null or source_id = any($2::text[])) order by 1`,
    [flow, ids],
  );
  return rows;
}

/**
 * Sends dead letters again, on purpose, with the newest state of their records and the mapping of today. A record
 * whose ERP record was deleted is created again. Returns the ids that were queued; others were not dead.
 */
export async function redrive(
  context: SyncContext,
  mapping: Mapping,
  ids: readonly string[] | 'all',
): Promise<string[]> {
  return transaction(context.database, async (tx) => {
    const candidates = await findDead(tx, mapping.flow, ids === 'all' ? null : ids);
    // Mirror rows are locked before links, here as in a settle; what was settled meanwhile is no longer dead.
    await lockMirrorVersions(
      tx,
      { connection: mapping.read.from, entity: mapping.read.entity },
      candidates.map((row) => row.source_id),
    );
    const rows = await findDead(
      tx,
      mapping.flow,
      candidates.map((row) => row.source_id),
    );
    const dead = rows.map((row) => row.source_id);
    if (dead.length === 0) return [];
    const gone = rows.filter((row) => row.code === 'target_gone').map((row) => row.source_id);
    if (gone.length > 0) await unlinkTargets(tx, mapping.flow, gone);
    await dropDeadLetters(tx, pushQueue(mapping.flow), dead);
    const wanted = dead.map((sourceId) => ({ sourceId, externalKey: externalKey(mapping, sourceId) }));
    await askAgain(tx, mapping.flow, wanted, 'redriven', 'a person sent it again');
    await enqueue(
      context.boss,
      tx,
      pushQueue(mapping.flow),
      mapping.flow,
      dead.map((sourceId) => ({ sourceId, startAfter: null })),
      'interactive',
    );
    await addHistory(
      tx,
      mapping.flow,
      null,
      dead.map((sourceId) => ({
        sourceId,
        event: 'redriven',
        code: null,
        message: 'a person sent it again',
        version: null,
        targetId: null,
        mappingHash: null,
      })),
    );
    return dead;
  });
}
