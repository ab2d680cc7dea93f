import type { Reference } from '../mapping/mapping.ts';
import type { Stream } from './cursor.ts';
import type { Sql } from './database.ts';

/** A reference, with the stream that its record is read from. */
export type Parent = Reference & { readonly stream: Stream };

/**
 * Which of these records are leaving the ERP or have left it: they are gone or merged away in the source, whether or not
 * that is carried out already, or their link is removed.
 */
export async function leavingParents(sql: Sql, parents: readonly Parent[]): Promise<Reference[]> {
  const { rows } = await sql.query<Reference>({
    name: 'leaving_parents',
    text: `select distinct p.flow, p.id from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as p (flow, id, connection, entity)
     left join link l on l.flow = p.flow and l.source_id = p.id
     left join mirror m on m.connection = p.connection and m.entity = p.entity and m.source_id = p.id
     where l.state = 'removed' or m.deleted or m.merged_into is not null`,
    values: [
      parents.map(({ flow }) => flow),
      parents.map(({ id }) => id),
      parents.map(({ stream }) => stream.connection),
      parents.map(({ stream }) => stream.entity),
    ],
  });
  return rows;
}
