/** What the program of the first schema version says to the database, word for word: it may run while a newer one migrates. */
export type Statement = { readonly name: string; readonly text: string; readonly values: unknown[] };

const states = ['pending', 'waiting', 'in_doubt', 'retrying', 'synced', 'skipped', 'dead', 'removed'];

/** One round over records of its own: claim, page, intents, look, settle, park, wake, ask again, merge, write back. */
export function firstVersionStatements(round: number): Statement[] {
  const ids = states.map((_, index) => `r${round}-${index}`);
  const all = <T>(value: T): T[] => ids.map(() => value);
  const [first = '', second = ''] = ids;
  return [
    {
      name: 'claim',
      text: `insert into source_cursor as c (connection, entity, reader, reader_until)
     values ($1, $2, $3, now() + make_interval(secs => $4))
     on conflict (connection, entity) do update set reader = excluded.reader, reader_until = excluded.reader_until
       where c.reader is null or c.reader = excluded.reader or c.reader_until < now()
     returning position, revision`,
      values: ['crm', 'companies', 'me', 20],
    },
    {
      name: 'advance',
      text: `update source_cursor set position = $4, revision = revision + 1, watermark = coalesce($5::timestamptz, watermark),
       caught_up_at = case when $6 then now() else caught_up_at end, reader_until = now() + make_interval(secs => $7)
     where connection = $1 and entity = $2 and revision = $3`,
      values: ['crm', 'companies', round, '{}', null, true, 20],
    },
    {
      name: 'mirror_sightings',
      text: `insert into mirror as m (connection, entity, source_id, fingerprint, record, modified_at, deleted, merged_into, changed_at)
     select $1, $2, s.source_id, s.fingerprint, s.record, s.modified_at, s.deleted, s.merged_into, now()
     from unnest($3::text[], $4::bytea[], $5::jsonb[], $6::timestamptz[], $7::boolean[], $8::text[])
       as s (source_id, fingerprint, record, modified_at, deleted, merged_into)
     order by s.source_id
     on conflict (connection, entity, source_id) do update set
       version = m.version + 1, fingerprint = excluded.fingerprint, record = coalesce(excluded.record, m.record),
       modified_at = excluded.modified_at, deleted = excluded.deleted, merged_into = excluded.merged_into, changed_at = excluded.changed_at
       where m.fingerprint <> excluded.fingerprint and ($9 or excluded.modified_at >= m.modified_at)
     returning source_id`,
      values: [
        'crm',
        'companies',
        ids,
        all(Buffer.from('print')),
        all('{"name":"Acme"}'),
        all('2026-01-01T00:00:00Z'),
        all(false),
        all(null),
        false,
      ],
    },
    {
      name: 'commit_intents',
      text: `insert into intent (flow, source_id, external_key, fingerprint, committed_at)
     select $1, i.source_id, i.external_key, i.fingerprint, now()
     from unnest($2::text[], $3::text[], $4::bytea[]) as i (source_id, external_key, fingerprint)
     on conflict (flow, source_id) do update set fingerprint = excluded.fingerprint, committed_at = excluded.committed_at`,
      values: ['accounts', ids, ids, all(Buffer.from('print'))],
    },
    {
      name: 'load_standings',
      text: `select ids.source_id as "sourceId", m.version, m.record, coalesce(m.deleted, false) as deleted, m.merged_into as "mergedInto",
       l.target_id as "targetId", coalesce(l.external_key, i.external_key) as "externalKey", l.state, l.code, l.reason, coalesce(l.attempts, 0) as attempts, coalesce(l.requests, 0) as requests, l.fingerprint,
       i.fingerprint as intent, (l.write_back is not null and l.write_back is not distinct from l.written_back) as wished
     from unnest($4::text[]) with ordinality as ids (source_id, place)
     left join lateral (select * from mirror where connection = $2 and entity = $3 and source_id = ids.source_id limit 1) m on true
     left join lateral (select * from link where flow = $1 and source_id = ids.source_id limit 1) l on true
     left join lateral (select * from intent where flow = $1 and source_id = ids.source_id limit 1) i on true
     order by ids.place`,
      values: ['accounts', 'crm', 'companies', ids],
    },
    {
      name: 'lock_mirror',
      text: `select source_id, version from mirror where connection = $1 and entity = $2 and source_id = any($3::text[])
           order by source_id for update`,
      values: ['crm', 'companies', ids],
    },
    {
      name: 'save_links',
      text: `insert into link as l (flow, source_id, external_key, target_id, version, state, code, reason, fields, since, next_at, attempts,
       requests, fingerprint, mapping_hash, delivered_at, write_back)
     select $1, u.source_id, u.external_key, u.target_id, u.version, u.state, u.code, u.reason, u.fields, now(), u.next_at, u.attempts,
       u.requests, u.fingerprint, u.mapping_hash, case when u.delivered then now() end, u.write_back
     from unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::jsonb[], $10::timestamptz[],
       $11::integer[], $12::bigint[], $13::bytea[], $14::text[], $15::boolean[], $16::jsonb[])
       as u (source_id, external_key, target_id, version, state, code, reason, fields, next_at, attempts, requests, fingerprint, mapping_hash, delivered, write_back)
     order by u.source_id
     on conflict (flow, source_id) do update set state = excluded.state, version = excluded.version
     returning l.source_id, l.requests`,
      values: [
        'accounts',
        ids,
        ids,
        ids,
        all('1'),
        states,
        all('code'),
        all('reason'),
        all('[]'),
        all(null),
        all(1),
        all('0'),
        all(Buffer.from('print')),
        all('hash'),
        all(true),
        all('{"number":"1"}'),
      ],
    },
    {
      name: 'close_intents',
      text: 'delete from intent where flow = $1 and source_id = any($2::text[])',
      values: ['accounts', ids.slice(1)],
    },
    {
      name: 'history',
      text: `insert into history (flow, source_id, at, run_id, event, code, message, version, target_id, mapping_hash)
     select $1, h.source_id, now(), $2, h.event, h.code, h.message, h.version, h.target_id, h.mapping_hash
     from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::text[], $9::text[])
       as h (source_id, event, code, message, version, target_id, mapping_hash)`,
      values: ['accounts', 1, ids, all('created'), all(null), all(null), all('1'), ids, all('hash')],
    },
    {
      name: 'park',
      text: `insert into waiting (flow, source_id, parent_flow, parent_id)
     select $1, w.* from unnest($2::text[], $3::text[], $4::text[]) as w on conflict do nothing`,
      values: ['contacts', ids, all('accounts'), ids],
    },
    {
      name: 'wake_children',
      text: 'delete from waiting where parent_flow = $1 and parent_id = any($2::text[]) returning flow, source_id',
      values: ['accounts', ids.slice(1)],
    },
    {
      name: 'ask_again',
      text: `insert into link as l (flow, source_id, external_key, state, code, reason, since, requests)
     select $1, w.source_id, w.external_key, 'pending', $4, $5, now(), 1 from unnest($2::text[], $3::text[]) as w (source_id, external_key)
     order by w.source_id
     on conflict (flow, source_id) do update set requests = l.requests + 1, fingerprint = null, state = 'pending', code = excluded.code,
       reason = excluded.reason, since = excluded.since, next_at = null, attempts = 0, fields = null`,
      values: ['contacts', ids, ids, 'resync', 'asked'],
    },
    {
      name: 'repoint',
      text: `insert into link (flow, source_id, external_key, target_id, version, state, code, reason, since, fingerprint, mapping_hash, delivered_at)
     select distinct on (p.survivor) $1, p.survivor, l.external_key, l.target_id, 0, 'pending', 'merged', 'took over the ERP record of ' || p.loser, now(),
       l.fingerprint, l.mapping_hash, l.delivered_at
     from unnest($2::text[], $3::text[]) as p (loser, survivor)
     join link l on l.flow = $1 and l.source_id = p.loser and l.target_id is not null and l.state <> 'removed'
     order by p.survivor, l.delivered_at
     on conflict (flow, source_id) do update set target_id = excluded.target_id, external_key = excluded.external_key, fingerprint = excluded.fingerprint
       where link.target_id is null`,
      values: ['accounts', [first], [`survivor-${round}`]],
    },
    {
      name: 'written_back',
      text: 'update link set written_back = write_back where flow = $1 and source_id = $2',
      values: ['accounts', second],
    },
    {
      name: 'begin_run',
      text: 'insert into run (flow, cause, started_at) values ($1, $2, now()) returning id',
      values: ['accounts', 'schedule'],
    },
    {
      name: 'end_run',
      text: 'update run set finished_at = now(), problem = $2, created = created + 1 where flow = $1',
      values: ['accounts', null],
    },
    {
      name: 'last_runs',
      text: 'select distinct on (flow) id, flow, read, created from run order by flow, id desc',
      values: [],
    },
    {
      name: 'stop_connection',
      text: `insert into connection_state as c (connection, state, code, reason, since, until, failures) values ($1, $2, $3, $4, now(), $5, 1)
     on conflict (connection) do update set state = excluded.state, code = excluded.code, reason = excluded.reason, until = excluded.until,
       since = case when c.state = excluded.state then c.since else now() end, failures = c.failures + 1`,
      values: ['erp', round % 2 === 0 ? 'held' : 'paused', 'code', 'reason', null],
    },
    {
      name: 'remember_identity',
      text: `insert into connection_state as c (connection, identity, state, since) values ($1, $2, 'up', now())
     on conflict (connection) do update set identity = coalesce(c.identity, excluded.identity) returning identity`,
      values: ['crm', 'tenant'],
    },
    {
      name: 'keep_mapping',
      text: 'insert into mapping_version (hash, flow, text, first_used_at) values ($1, $2, $3, now()) on conflict do nothing',
      values: [`hash ${round}`, 'accounts', 'text'],
    },
    {
      name: 'release',
      text: 'update source_cursor set reader = null, reader_until = null where connection = $1 and entity = $2 and reader = $3',
      values: ['crm', 'companies', 'me'],
    },
  ];
}
