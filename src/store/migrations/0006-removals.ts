/** What keeps removals within bounds: who created an ERP record, what is due and counted, tasks for people, full scans. */
export const removals = `
alter table link add column ours boolean;
comment on column link.ours is 'Whether Causeway created the ERP record, and may therefore remove it; null for a link from before this was noted.';
alter table link add column merged_into text;
comment on column link.merged_into is 'The record that a merged-away one went into: what refers to the one means the other.';

create table due (
  flow        text not null,
  source_id   text not null,
  kind        text not null check (kind in ('removal', 'change', 'absence')),
  what        text not null,
  version     bigint not null,
  noted_at    timestamptz not null,
  run_id      bigint,
  answer      text check (answer in ('approved', 'refused')),
  answered_by text,
  answered_at timestamptz,
  done_at     timestamptz,
  primary key (flow, source_id)
);
create index due_by_run on due (run_id) where run_id is not null;
comment on table due is 'Removals (and changes, where a ceiling is set for them) that are counted before any is carried out. With a run, they were more than the ceiling and wait for a person; with done_at they were carried out and still count for an hour.';

create index mirror_by_survivor on mirror (connection, entity, merged_into) where merged_into is not null;

create table task (
  id        bigint generated always as identity primary key,
  flow      text not null,
  source_id text not null,
  code      text not null,
  about     text not null,
  sentence  text not null,
  since     timestamptz not null,
  done_at   timestamptz,
  done_by   text,
  unique (flow, source_id, code, about)
);
create index task_open on task (flow, since) where done_at is null;
comment on table task is 'What needs a person, raised once for what it is about.';

create table full_scan (
  connection    text not null,
  entity        text not null,
  scanner       text,
  scanner_until timestamptz,
  finished_at   timestamptz,
  primary key (connection, entity)
);
comment on table full_scan is 'When all ids of a stream were last listed to find deletes that leave no trace, and who does so now.';
`;
