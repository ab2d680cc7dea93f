import { z } from 'zod';
import type { Flights } from './flights.ts';
import type { Mischief } from './misbehave.ts';
import type { Author, Records } from './records.ts';

const user: Author = { by: 'user', request: null };
const given = z.record(z.string(), z.json());

export type Controls = {
  readonly records: Records;
  readonly trouble: Mischief;
  readonly flights: Flights;
  readonly requests: ReadonlyMap<string, number>;
};

type ControlAnswer = { readonly status: number; readonly body: unknown };

/** The control surface: what a person who works in the ERP does, the rules of misbehaviour, and the ground truth. */
export function control(controls: Controls, method: string, url: URL, text: string): ControlAnswer {
  try {
    return serve(controls, method, url, text);
  } catch (error) {
    if (error instanceof z.ZodError) return { status: 400, body: { error: z.prettifyError(error) } };
    if (error instanceof SyntaxError) return { status: 400, body: { error: error.message } };
    throw error;
  }
}

function serve(controls: Controls, method: string, url: URL, text: string): ControlAnswer {
  const { records, trouble, flights } = controls;
  const what = `${method} ${url.pathname.slice('/_sandbox/'.length)}`;
  if (what === 'PUT misbehave') {
    trouble.set(JSON.parse(text));
    return { status: 200, body: {} };
  }
  if (what === 'GET stats')
    return {
      status: 200,
      body: {
        requests: Object.fromEntries(controls.requests),
        strikes: trouble.counts(),
        overlaps: flights.overlaps().length,
        underWay: flights.underWay(),
      },
    };
  if (what === 'GET overlaps') return { status: 200, body: flights.overlaps() };
  if (what === 'GET journal')
    return { status: 200, body: records.journal(Number(url.searchParams.get('after') ?? 0)) };
  const [, name, id] = /^\/_sandbox\/records\/([^/]+)(?:\/(\d+))?$/.exec(url.pathname) ?? [];
  if (name === undefined) return { status: 404, body: { error: 'no such path' } };
  return onRecords(records, method, decodeURIComponent(name), id ?? null, text);
}

function onRecords(
  records: Records,
  method: string,
  entity: string,
  id: string | null,
  text: string,
): ControlAnswer {
  if (id === null && method === 'GET') return { status: 200, body: records.all(entity) };
  if (id === null && method === 'POST') {
    const { external_ref: ref, ...fields } = given.parse(JSON.parse(text));
    const external_ref = typeof ref === 'string' ? ref : null;
    return { status: 201, body: records.create(entity, { external_ref, fields, lines: {} }, user) };
  }
  const row = id === null ? undefined : records.get(entity, id);
  if (id === null) return { status: 405, body: { error: 'GET or POST' } };
  if (row === undefined) return { status: 404, body: { error: 'no such record' } };
  if (method === 'GET') return { status: 200, body: row };
  if (method === 'DELETE') {
    records.remove(entity, id, user);
    return { status: 200, body: {} };
  }
  if (method !== 'PATCH') return { status: 405, body: { error: 'GET, PATCH or DELETE' } };
  const fields = given.parse(JSON.parse(text));
  return { status: 200, body: records.update(entity, id, { fields, lines: {} }, user) };
}
