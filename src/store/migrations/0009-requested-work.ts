/** Work that a caller asked for over HTTP, and what is to be told of it. One statement list, run in one transaction. */
export const requestedWork = `
create table resync_request (
  id           uuid primary key default gen_random_uuid(),
  flow         text not null,
  choice       jsonb not null,
  asked_by     text not null,
  asked_at     timestamptz not null default now(),
  state        text not null default 'queued' check (state in ('queued', 'running', 'done', 'cancelled', 'failed')),
  chosen_after text,
  chosen_at    timestamptz,
  undecided    integer not null default 0,
  counts       jsonb not null default '{}',
  problem      text,
  cancelled_at timestamptz,
  not_cancelled integer,
  finished_at  timestamptz,
  callback_url text,
  worker       text,
  worker_until timestamptz
);
create index resync_request_open on resync_request (asked_at) where finished_at is null;
create index resync_request_ended on resync_request (finished_at) where finished_at is not null;
create index resync_request_newest on resync_request (asked_at desc, id);
comment on table resync_request is 'Resyncs that were asked for over HTTP. Stored before they are answered; whichever process has the lease sees to them.';
comment on column resync_request.state is 'queued until all chosen records are in the queue, running until something became of each.';
comment on column resync_request.counts is 'What became of the records, counted when something last moved: outcome to number; pending is not in it.';

create table resync_item (
  request_id  uuid not null references resync_request on delete cascade,
  source_id   text not null,
  queued_at   timestamptz,
  outcome     text check (outcome in ('synced', 'unchanged', 'skipped', 'waiting', 'dead', 'removed', 'unknown', 'cancelled')),
  code        text,
  message     text,
  target_id   text,
  requests    bigint,
  before      jsonb,
  fingerprint bytea,
  primary key (request_id, source_id)
);
create index resync_item_open on resync_item (request_id, source_id) where outcome is null or outcome = 'waiting';
comment on table resync_item is 'The records of a resync that was asked for, and what became of each since. Null is pending; waiting may still become something else.';
comment on column resync_item.requests is 'What link.requests was when it was queued: while it still is, nobody else has asked for the record.';
comment on column resync_item.before is 'How the link stood before it was queued, where it can be put back when the request is cancelled.';

create table idempotency_key (
  scope       text not null,
  key         text not null,
  fingerprint bytea not null,
  request_id  uuid not null,
  expires_at  timestamptz not null,
  primary key (scope, key)
);
create index idempotency_key_expired on idempotency_key (expires_at);
comment on table idempotency_key is 'Which request an Idempotency-Key stands for, by the API key that used it.';

create table callback (
  id           uuid primary key default gen_random_uuid(),
  request_id   uuid not null references resync_request on delete cascade,
  url          text not null,
  body         text not null,
  created_at   timestamptz not null,
  next_at      timestamptz not null,
  attempts     integer not null default 0,
  problem      text,
  delivered_at timestamptz,
  given_up_at  timestamptz
);
create index callback_waiting on callback (next_at) where delivered_at is null and given_up_at is null;
create index callback_by_request on callback (request_id);
comment on table callback is 'The outbox of callbacks: written when a request has ended, sent until the receiver has taken it.';
`;
