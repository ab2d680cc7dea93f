import type { z } from 'zod';
import { budget } from '../../src/connector/budget.ts';
import type { Kit } from '../../src/connector/contract.ts';
import { Fault } from '../../src/connector/fault.ts';
import type { HttpReply, HttpRequest } from '../../src/connector/http.ts';
import { sendAgain } from '../../src/connector/send-again.ts';
import { classify } from './faults.ts';
import { pathsFor } from './paths.ts';
import type { Paths } from './paths.ts';
import type { ObjectType } from './objects.ts';
import type { HubSpotSettings } from './settings.ts';

/** A read answer, and HubSpot's own clock at that moment (null where the answer has no `Date`). */
type Answer<T> = { readonly body: T; readonly date: number | null };

/**
 * Speaks to one HubSpot account. Everything but `write` is a read: a refusal of a read is never a record's fault,
 * so it comes as `config` or `bug`. Throws Faults only (and the signal's reason when it was aborted).
 */
export type HubSpotClient = {
  readonly paths: Paths;
  get<S extends z.ZodType>(path: string, query: Query, shape: S, signal: AbortSignal): Promise<z.output<S>>;
  /** Like `get`, but null where HubSpot knows no such record. */
  find<S extends z.ZodType>(
    path: string,
    query: Query,
    shape: S,
    signal: AbortSignal,
  ): Promise<z.output<S> | null>;
  /** A read that HubSpot takes as a POST: `batch/read`. */
  query<S extends z.ZodType>(path: string, body: object, shape: S, signal: AbortSignal): Promise<z.output<S>>;
  search<S extends z.ZodType>(
    type: ObjectType,
    body: object,
    shape: S,
    signal: AbortSignal,
  ): Promise<Answer<z.output<S>>>;
  write<S extends z.ZodType>(path: string, body: object, shape: S, signal: AbortSignal): Promise<z.output<S>>;
};

type Query = { readonly [name: string]: string };

/** 200 records with hundreds of properties of up to 64 kB each could be more; such a page is a fault, not a crash. */
const maxResponseBytes = 64 * 1024 * 1024;
const deadlineMs = 30_000;

export function hubspotClient(settings: HubSpotSettings, kit: Kit): HubSpotClient {
  const http = kit.http.client({
    baseUrl: settings.baseUrl,
    secretHeaders: { authorization: `Bearer ${settings.token}` },
    deadlineMs,
    maxResponseBytes,
  });
  const paths = pathsFor(settings.pathVersion);
  // HubSpot counts searches in a second of its own, beside the ten-second count that the HTTP kit keeps to.
  const perSecond = settings.searchesPerSecond;
  const searches = budget({ concurrency: perSecond, rate: { requests: perSecond, perMs: 1000 } });

  async function exchange(request: HttpRequest, signal: AbortSignal): Promise<HttpReply> {
    const reply = await http.send(request, signal);
    const readable = reply.status >= 200 && reply.status < 300 && reply.text === null;
    if (!readable) throw classify(reply, settings.token);
    return reply;
  }

  async function read<S extends z.ZodType>(
    request: Omit<HttpRequest, 'safe'>,
    shape: S,
    signal: AbortSignal,
  ) {
    const send = (): Promise<HttpReply> => exchange({ ...request, safe: true }, signal);
    const reply = await sendAgain(send, true, kit.sleep, signal).catch(blameTheRequest);
    return { body: parsed(shape, reply, request.path), date: dateOf(reply) };
  }

  return {
    paths,
    get: async (path, query, shape, signal) =>
      (await read({ method: 'GET', path, query }, shape, signal)).body,
    find: async (path, query, shape, signal) => {
      try {
        const send = (): Promise<HttpReply> => exchange({ method: 'GET', path, query, safe: true }, signal);
        const reply = await sendAgain(send, true, kit.sleep, signal);
        return parsed(shape, reply, path);
      } catch (error) {
        if (error instanceof Fault && error.kind === 'not_found') return null;
        return blameTheRequest(error);
      }
    },
    query: async (path, body, shape, signal) =>
      (await read({ method: 'POST', path, body }, shape, signal)).body,
    search: async (type, body, shape, signal) => {
      const endTurn = await searches.take(signal);
      try {
        return await read({ method: 'POST', path: `${paths.objects(type)}/search`, body }, shape, signal);
      } finally {
        endTurn();
      }
    },
    // An update by id with the same values may be sent twice: nothing is created, so nothing is in doubt.
    write: async (path, body, shape, signal) => {
      const send = (): Promise<HttpReply> => exchange({ method: 'POST', path, body, safe: true }, signal);
      return parsed(shape, await sendAgain(send, true, kit.sleep, signal), path);
    },
  };
}

/** A listing that is not found means a wrong address or version, and a search that is refused is our defect. */
function blameTheRequest(error: unknown): never {
  if (!(error instanceof Fault)) throw error;
  const kind = error.kind === 'not_found' ? 'config' : error.kind === 'invalid_record' ? 'bug' : null;
  if (kind === null) throw error;
  throw new Fault({ kind, code: error.code, message: error.message, fields: error.fields, cause: error });
}

function parsed<S extends z.ZodType>(shape: S, reply: HttpReply, path: string): z.output<S> {
  const result = shape.safeParse(reply.body);
  if (result.success) return result.data;
  const where = result.error.issues.map((issue) => issue.path.join('.') || 'the whole body').slice(0, 3);
  throw new Fault({
    kind: 'bug',
    code: 'hubspot_unexpected_answer',
    message: `HubSpot answered ${path} in a form that is not documented, at ${where.join(', ')}.`,
  });
}

function dateOf(reply: HttpReply): number | null {
  const date = Date.parse(reply.headers['date'] ?? '');
  return Number.isNaN(date) ? null : date;
}
