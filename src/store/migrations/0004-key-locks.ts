/** Who is at work on a key, for ERPs in which nothing makes a create safe to repeat. Run in one transaction. */
export const keyLocks = `
create table key_lock (
  connection   text not null,
  external_key text not null,
  holder       bigint not null,
  taken_at     timestamptz not null,
  primary key (connection, external_key)
);
comment on table key_lock is 'External keys that a process is at work on. A row counts only while the session of its holder lives: it holds the advisory lock of that number.';
`;
