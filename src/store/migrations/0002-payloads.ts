/** What plans and explanations look back on. One statement list, run in one transaction. */
export const payloads = `
create table payload (
  flow      text not null,
  source_id text not null,
  output    text not null,
  primary key (flow, source_id)
);
comment on table payload is 'The mapped output last delivered of each record, as JSON: what a plan compares with. It may be emptied at any time; plans then cannot name old values.';

alter table mapping_version add column value_files text not null default '[]';
alter table mapping_version add column file text;
alter table mapping_version add column last_used_at timestamptz;
comment on column mapping_version.file is 'The path that the mapping had, as shown to people; null for one that was kept before paths were.';
comment on column mapping_version.value_files is 'The value files that the mapping used, as JSON: a list of path and text.';

create table planned (
  flow         text primary key,
  mapping_hash text not null,
  planned_at   timestamptz not null,
  records      bigint not null
);
comment on table planned is 'How many records the newest plan of each flow would have changed, for status.';
`;
