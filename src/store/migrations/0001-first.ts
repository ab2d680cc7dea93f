/** Everything Causeway remembers. One statement list, run in one transaction. */
export const first = `
create table source_cursor (
  connection   text not null,
  entity       text not null,
  position     jsonb,
  revision     bigint not null default 0,
  watermark    timestamptz,
  caught_up_at timestamptz,
  reader       text,
  reader_until timestamptz,
  primary key (connection, entity)
);
comment on table source_cursor is 'Where reading resumes, for each connection and entity. The revision is compared and set with each page.';

create table mirror (
  connection  text not null,
  entity      text not null,
  source_id   text not null,
  version     bigint not null default 1,
  fingerprint bytea not null,
  record      jsonb,
  modified_at timestamptz not null,
  deleted     boolean not null default false,
  merged_into text,
  changed_at  timestamptz not null,
  primary key (connection, entity, source_id)
);
comment on table mirror is 'The newest known state of each source record. The version counts its changes.';

create table link (
  flow         text not null,
  source_id    text not null,
  external_key text not null,
  target_id    text,
  version      bigint not null default 0,
  state        text not null check (state in ('pending','waiting','in_doubt','retrying','synced','skipped','dead','removed')),
  code         text,
  reason       text,
  fields       jsonb,
  since        timestamptz not null,
  next_at      timestamptz,
  attempts     integer not null default 0,
  requests     bigint not null default 0,
  fingerprint  bytea,
  mapping_hash text,
  delivered_at timestamptz,
  write_back   jsonb,
  written_back jsonb,
  primary key (flow, source_id)
);
create index link_by_state on link (flow, state) where state <> 'synced';
create index link_by_target on link (flow, target_id) where target_id is not null;
comment on column link.requests is 'Counts how often the record was asked for on purpose; a settle that finds it higher than it was sends again.';
comment on table link is 'The stored pair of source id and ERP id, and the explainable state of the record in one flow.';

create table intent (
  flow         text not null,
  source_id    text not null,
  external_key text not null,
  fingerprint  bytea not null,
  committed_at timestamptz not null,
  primary key (flow, source_id)
);
comment on table intent is 'The committed wish to create, written before the create is sent and removed when its outcome is settled.';

create table waiting (
  flow        text not null,
  source_id   text not null,
  parent_flow text not null,
  parent_id   text not null,
  primary key (flow, source_id, parent_flow, parent_id)
);
create index waiting_by_parent on waiting (parent_flow, parent_id);
comment on table waiting is 'Records parked until the record that they refer to is linked.';

create table run (
  id          bigint generated always as identity primary key,
  flow        text not null,
  cause       text not null,
  started_at  timestamptz not null,
  finished_at timestamptz,
  read        bigint not null default 0,
  created     bigint not null default 0,
  updated     bigint not null default 0,
  unchanged   bigint not null default 0,
  skipped     bigint not null default 0,
  waiting     bigint not null default 0,
  dead        bigint not null default 0,
  removed     bigint not null default 0,
  retried     bigint not null default 0,
  problem     text
);
create index run_by_flow on run (flow, id desc);
comment on table run is 'One execution of a flow, with exact counts of what happened in it.';

create table history (
  id           bigint generated always as identity primary key,
  flow         text not null,
  source_id    text not null,
  at           timestamptz not null,
  run_id       bigint,
  event        text not null,
  code         text,
  message      text,
  version      bigint,
  target_id    text,
  mapping_hash text
);
create index history_by_record on history (flow, source_id, id desc);
comment on table history is 'What happened to each record, delivery by delivery.';

create table connection_state (
  connection text primary key,
  identity   text,
  state      text not null check (state in ('up','held','paused')),
  code       text,
  reason     text,
  since      timestamptz not null,
  until      timestamptz,
  failures   integer not null default 0
);
comment on table connection_state is 'Whether anything may be sent to a connection now, and if not, why and until when.';

create table mapping_version (
  hash          text primary key,
  flow          text not null,
  text          text not null,
  first_used_at timestamptz not null
);
comment on table mapping_version is 'The text of every mapping that ever made a delivery.';
`;
