/** Webhooks that came in, and the trace of a change. One statement list, run in one transaction. */
export const hints = `
create table hint (
  connection   text not null,
  entity       text not null,
  source_id    text not null,
  seen         bigint not null default 1,
  since        timestamptz not null default now(),
  trace_id     text,
  reader       text,
  reader_until timestamptz,
  primary key (connection, entity, source_id)
);
create index hint_by_age on hint (connection, entity, since);
comment on table hint is 'Records of which a webhook has said that something happened to them, until they have been read again.';
comment on column hint.seen is 'How often it was said: a hint that came while its record was being read is not over with that reading.';

create table webhook_request (
  connection text not null,
  key        text not null,
  until      timestamptz not null,
  primary key (connection, key)
);
create index webhook_request_over on webhook_request (until);
comment on table webhook_request is 'Webhooks that were taken, as long as their signature would be good once more.';

alter table mirror add column trace_id text;
alter table history add column trace_id text;
comment on column history.trace_id is 'The trace that the calls of this event bore: that of the change, or of the batch where it carried several.';
comment on column mirror.trace_id is 'The trace of the page or the hint that brought the newest change, as W3C Trace Context has it.';
`;
