/** What is wrong now, and what is still to be told of it. One statement list, run in one transaction. */
export const alerts = `
create table alert (
  key         text primary key,
  code        text not null,
  subject     text not null,
  severity    text not null check (severity in ('warning','critical')),
  message     text not null,
  remedy      text not null,
  since       timestamptz not null,
  raised_at   timestamptz not null,
  seen_at     timestamptz not null,
  resolved_at timestamptz,
  announced   boolean not null default false
);
create index alert_open on alert (raised_at) where resolved_at is null;
comment on table alert is 'Causes that need attention, one row each: open until resolved_at.';
comment on column alert.seen_at is 'When a process last found the cause. It is resolved when no process has found it for a while.';
comment on column alert.announced is 'Whether the receiver of the webhook has been told, or will be, that the alert is open.';

create table alert_round (at timestamptz not null);
create unique index alert_round_once on alert_round ((true));
insert into alert_round values ('-infinity');
comment on table alert_round is 'When a process last looked for causes that all of them share. One row.';

create table alert_notice (
  id           uuid primary key default gen_random_uuid(),
  place        bigint generated always as identity,
  key          text not null,
  body         text not null,
  created_at   timestamptz not null,
  next_at      timestamptz not null,
  attempts     integer not null default 0,
  problem      text,
  delivered_at timestamptz,
  given_up_at  timestamptz
);
create index alert_notice_waiting on alert_notice (next_at) where delivered_at is null and given_up_at is null;
create index alert_notice_by_key on alert_notice (key, place) where delivered_at is null and given_up_at is null;
comment on table alert_notice is 'The outbox of the webhook: written with the alert, sent until the receiver has taken it.';

create table alarm (
  kind    text not null,
  subject text not null,
  at      timestamptz not null,
  found   bigint not null,
  primary key (kind, subject)
);
comment on table alarm is 'The newest time that something was found which must never happen, and how much of it.';

alter table source_cursor add column moved_at timestamptz;
comment on column source_cursor.moved_at is 'When a page was last committed.';

create index link_unsettled on link (flow, since) where state in ('pending', 'retrying', 'in_doubt');
create index link_dead on link (flow, since, code) where state = 'dead';
`;
