/** What the newest audit of each flow came to. One statement list, run in one transaction. */
export const auditResults = `
create table audit_result (
  flow   text primary key,
  at     timestamptz not null,
  since  timestamptz,
  counts jsonb not null,
  missed integer not null
);
comment on table audit_result is 'The newest audit of each flow: how many findings of each kind, and how many changes no event and no poll had delivered.';
comment on column audit_result.since is 'It looked at records that changed in the source from then on alone; null looked at all.';
`;
