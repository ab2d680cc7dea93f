import type { Mapping } from '../mapping/mapping.ts';
import { enqueue } from '../queue/enqueue.ts';
import { pushQueue } from '../queue/names.ts';
import { noteAlarm } from '../store/alarm.ts';
import { type Sql, transaction } from '../store/database.ts';
import type { SyncContext } from './context.ts';

const sweepSize = 10_000;

/**
 * The backstop: finds records that are not settled and have no live job, and queues them. In a healthy system it
 * finds nothing, so what it finds is logged as an alarm; but for a flow that has never run it finds all records that
 * are mirrored for others, and queues them as its backfill.
 */
export async function sweep(context: SyncContext, mapping: Mapping): Promise<number> {
  const isNew = await neverRan(context.database, mapping.flow);
  let total = 0;
  for (;;) {
    const found = await transaction(context.database, async (tx) => {
      const forgotten = await findForgotten(tx, mapping);
      const records = forgotten.map((sourceId) => ({ sourceId, startAfter: null }));
      await enqueue(
        context.boss,
        tx,
        pushQueue(mapping.flow),
        mapping.flow,
        records,
        isNew ? 'backfill' : 'incremental',
      );
      return forgotten.length;
    });
    total += found;
    if (found < sweepSize) break;
  }
  if (total > 0 && !isNew) {
    const alarm = { kind: 'records_forgotten', subject: mapping.flow, at: context.now(), found: total };
    await noteAlarm(context.database, alarm);
    context.log.error(
      { alarm: 'forgotten_records', flow: mapping.flow, found: total },
      'records without a job were found and queued',
    );
  }
  return total;
}

async function neverRan(sql: Sql, flow: string): Promise<boolean> {
  const { rows } = await sql.query('select from run where flow = $1 and finished_at is not null limit 1', [
    flow,
  ]);
  return rows.length === 0;
}

async function findForgotten(sql: Sql, mapping: Mapping): Promise<string[]> {
  const { rows } = await sql.query<{ source_id: string }>(
    // The join with a limit holds the planner to one probe of pg-boss's own index for each record, whatever it believes
    // of a queue that was filled a moment ago: it would read the whole queue for every record of a backfill.
    `select m.source_id from mirror m left join link l on l.flow = $1 and l.source_id = m.source_id
     left join lateral (select true as live from causeway_jobs.job where name = $4 and coalesce(singleton_key, '') = m.source_id
       and state <= 'active' and policy = 'exclusive' limit 1) j on true
     where m.connection = $2 and m.entity = $3
       and (l.source_id is null or l.version < m.version or l.state in ('pending', 'retrying', 'in_doubt')
         or (l.state = 'waiting' and not exists (select from waiting w where w.flow = $1 and w.source_id = m.source_id))
         or (l.state = 'waiting' and exists (select from waiting w join link p on p.flow = w.parent_flow and p.source_id = w.parent_id
             where w.flow = $1 and w.source_id = m.source_id and p.target_id is not null and p.state <> 'removed'))
         or ($5 and l.state = 'synced' and l.write_back is null and l.mapping_hash = $6))
       and j.live is null
       and not exists (select from due d where d.flow = $1 and d.source_id = m.source_id and d.run_id is not null and d.answer is null)
     order by m.source_id limit ${sweepSize}`,
    [
      mapping.flow,
      mapping.read.from,
      mapping.read.entity,
      pushQueue(mapping.flow),
      mapping.writeBack.length > 0,
      mapping.hash,
    ],
  );
  return rows.map((row) => row.source_id);
}
