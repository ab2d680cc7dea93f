/** Who may use the HTTP interface, and for what. */
export const apiKeys = `
create table api_key (
  id         text primary key,
  name       text not null,
  hash       bytea not null,
  scopes     text[] not null,
  created_at timestamptz not null,
  created_by text not null,
  expires_at timestamptz,
  revoked_at timestamptz,
  used_at    timestamptz
);
comment on table api_key is 'API keys of the HTTP interface. The key itself is shown once and never stored: the hash is SHA-256 over its 32 random bytes.';
`;
