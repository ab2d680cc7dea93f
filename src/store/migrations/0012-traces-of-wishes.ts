/** The trace of whoever asked for a record on purpose. One statement list, run in one transaction. */
export const tracesOfWishes = `
alter table resync_request add column trace_id text;
alter table link add column trace_id text;
comment on column resync_request.trace_id is 'The trace of the request that asked for it, as W3C Trace Context has it.';
comment on column link.trace_id is 'The trace of whoever asked for the record on purpose, until it is settled. Its delivery bears it, unless the record has changed since.';
`;
