/** What a person needs to clear dead letters. One statement list, run in one transaction. */
export const deadLetters = `
create table dead_letter (
  flow         text not null,
  source_id    text not null,
  id           uuid not null default gen_random_uuid(),
  group_id     text not null,
  code         text not null,
  field        text not null,
  cause        text not null,
  message      text not null,
  fields       jsonb,
  payload      text,
  attempts     integer not null,
  version      bigint not null,
  target_id    text,
  mapping_hash text,
  failed_at    timestamptz not null,
  primary key (flow, source_id)
);
create index dead_letter_by_group on dead_letter (flow, group_id);
comment on table dead_letter is 'What was sent, and what was answered, for each record that is dead: one row for each, as long as it is dead.';
comment on column dead_letter.id is 'The job of this letter in the dead-letter queue of the flow. A record that dies again is another letter.';
comment on column dead_letter.payload is 'What was sent, as JSON; null where the mapping made nothing, or where payloads are not kept.';
`;
