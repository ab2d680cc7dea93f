/** What every process must know of the others: pauses, probes, and the turns that requests take. Run in one transaction. */
export const fleet = `
alter table connection_state add column probe_by text;
alter table connection_state add column probe_until timestamptz;
alter table connection_state add column pace real not null default 1;
alter table connection_state add column pace_at timestamptz;
comment on column connection_state.probe_by is 'The worker that may try whether a held connection answers again; the others wait.';
comment on column connection_state.pace is 'The part of its limits that the connection was used with at pace_at; it grows back to 1 by itself.';

create table flow_state (
  flow     text primary key,
  state    text not null check (state in ('running','paused')),
  code     text,
  field    text,
  reason   text,
  since    timestamptz not null,
  until    timestamptz,
  failures integer not null default 0,
  probe_by text,
  probe_until timestamptz
);
comment on table flow_state is 'Whether a flow sends anything now, and if not, why. A flow that was never paused has no row.';

create unlogged table request_turn (
  id         bigint generated always as identity primary key,
  connection text not null,
  holder     text not null,
  priority   integer not null,
  until      timestamptz not null,
  started_at timestamptz,
  ended_at   timestamptz
);
create index request_turn_by_connection on request_turn (connection);
comment on table request_turn is 'Requests that wait, are in flight, or still count against a rate, over all processes. Losing it does no harm.';

create function take_turn(of_connection text, of_holder text, of_priority integer, known bigint, concurrency integer, requests integer, per_ms integer)
returns table (turn bigint, wait_ms integer) language plpgsql set search_path from current as $body$
declare
  waits bigint := known;
  share real;
  in_flight integer;
  counted integer;
  ahead integer;
  free integer;
  leaves timestamptz;
begin
  perform pg_advisory_xact_lock(hashtextextended('turns of ' || of_connection, 43));
  delete from request_turn t where t.connection = of_connection and
    (t.ended_at <= clock_timestamp() - make_interval(secs => per_ms / 1000.0) or (t.ended_at is null and t.until < clock_timestamp()));
  if waits is not null then
    update request_turn t set until = clock_timestamp() + interval '3 s' where t.id = waits and t.started_at is null;
    if not found then waits := null; end if;
  end if;
  if waits is null then
    insert into request_turn as t (connection, holder, priority, until)
    values (of_connection, of_holder, of_priority, clock_timestamp() + interval '3 s') returning t.id into waits;
  end if;
  select least(1, c.pace + greatest(0, extract(epoch from clock_timestamp() - c.pace_at)) / 60) into share
    from connection_state c where c.connection = of_connection and c.pace_at is not null;
  share := coalesce(share, 1);
  select count(*) filter (where t.started_at is not null and t.ended_at is null), count(*) filter (where t.started_at is not null),
      count(*) filter (where t.started_at is null and (t.priority > of_priority or (t.priority = of_priority and t.id < waits))), min(t.ended_at)
    into in_flight, counted, ahead, leaves from request_turn t where t.connection = of_connection;
  free := greatest(1, floor(concurrency * share)) - in_flight;
  if requests is not null then free := least(free, greatest(1, floor(requests * share)) - counted); end if;
  if ahead < free then
    update request_turn t set started_at = clock_timestamp(), until = clock_timestamp() + interval '10 s' where t.id = waits;
    return query select waits, 0;
  elsif requests is not null and leaves is not null and counted - in_flight > 0 then
    return query select waits, least(1000, greatest(5, ceil(extract(epoch from leaves - clock_timestamp()) * 1000) + per_ms))::integer;
  else
    return query select waits, 25;
  end if;
end
$body$;
comment on function take_turn is 'Gives a request its turn (wait_ms 0), or says when to ask again. What is more urgent, or has waited longer, goes first.';
`;
