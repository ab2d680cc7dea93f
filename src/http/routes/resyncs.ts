import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { Mapping } from '../../mapping/mapping.ts';
import { readCallback } from '../../store/callback.ts';
import { listConnectionStates } from '../../store/connection-state.ts';
import type { Database } from '../../store/database.ts';
import { listFlowPauses } from '../../store/flow-state.ts';
import { itemsOf } from '../../store/resync-item.ts';
import { hasEnded, newestRequests, readRequest, type ResyncRequest } from '../../store/resync-request.ts';
import { type Accepted, acceptRequest } from '../../sync/accept-request.ts';
import { cancel } from '../../sync/cancel-request.ts';
import { readWish } from '../../sync/check-asked.ts';
import type { SyncContext } from '../../sync/context.ts';
import type { MappingFolder } from '../../sync/mapping-folder.ts';
import { nextLookAtRequest, stopsOf } from '../../sync/next-check.ts';
import { callbackReport } from '../../sync/request-report.ts';
import type { App } from '../app.ts';
import { wrongWithCallback } from '../callback-address.ts';
import { idempotencyKeyOf } from '../idempotency-key.ts';
import type { LongPolls } from '../long-poll.ts';
import { waitOf } from '../prefer.ts';
import { HttpProblem, refusals } from '../problem.ts';
import { isStorable } from '../storable.ts';
import {
  prefer,
  resyncEntry,
  resyncEntryOf,
  resyncStatus,
  resyncStatusOf,
  wishBody,
} from './resync-schema.ts';

export type ResyncParts = Pick<SyncContext, 'now' | 'sleep'> & {
  readonly database: Database;
  readonly mappings: () => readonly Mapping[];
  readonly folder: Pick<MappingFolder, 'current' | 'stale' | 'described'>;
  /** Wakes who carries out requested work in this process. */
  readonly newWork: { ring(): void };
  /** Null where callbacks are not set up. */
  readonly callbacks: { readonly allowPrivate: boolean } | null;
};

const idParams = z.object({
  id: z.uuid().meta({
    description: 'The id of a resync, as `Location` has it.',
    examples: ['8e03978e-40d5-43e8-bc93-6894a57f9324'],
  }),
});
const waiting = z.looseObject({ prefer });
const gone = 'database_unreachable';

/** Work that is asked for: resyncs, how they stand, and cancelling them. */
export function resyncRoutes(app: App, parts: ResyncParts, polls: LongPolls): void {
  requestRoute(app, parts, polls);
  app.get(
    '/v1/resyncs',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listResyncs',
        summary: 'The resyncs that were asked for, the newest first.',
        tags: ['resyncs'],
        querystring: z.object({
          flow: z
            .string()
            .optional()
            .meta({ description: 'Of this flow alone.', examples: ['accounts'] }),
          limit: z.coerce
            .number()
            .int()
            .min(1)
            .max(100)
            .default(20)
            .meta({ description: 'So many at the most.', examples: [20] }),
        }),
        response: { 200: z.object({ resyncs: z.array(resyncEntry) }), ...refusals(gone) },
      },
    },
    async ({ query }) => {
      const flow = isStorable(query.flow ?? '') ? (query.flow ?? null) : '';
      const found = await newestRequests(parts.database, flow, query.limit);
      return { resyncs: found.map(resyncEntryOf) };
    },
  );
  app.get(
    '/v1/resyncs/:id',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'getResync',
        summary: 'How a resync stands, and what became of its records.',
        tags: ['resyncs'],
        params: idParams,
        headers: waiting,
        response: { 200: resyncStatus, ...refusals('not_found', gone) },
      },
    },
    async ({ params, headers }, reply) => {
      await waitForEnd(parts, polls, reply, params.id, waitOf(headers.prefer));
      return answer(parts, reply, await known(parts.database, params.id));
    },
  );
  app.post(
    '/v1/resyncs/:id/cancel',
    {
      config: { scope: 'operate' },
      schema: {
        operationId: 'cancelResync',
        summary:
          'Takes back what is not sent yet, and says how many records could not be. One that has ended stays as it is.',
        tags: ['resyncs'],
        params: idParams,
        response: { 200: resyncStatus, ...refusals('not_found', gone) },
      },
    },
    async ({ params }, reply) => {
      const before = await known(parts.database, params.id);
      const request = await cancel(parts, params.id, new AbortController().signal);
      parts.newWork.ring();
      return answer(parts, reply, request ?? before);
    },
  );
}

function requestRoute(app: App, parts: ResyncParts, polls: LongPolls): void {
  app.post(
    '/v1/resyncs',
    {
      config: { scope: 'operate' },
      schema: {
        operationId: 'requestResync',
        summary: 'Asks for records to be read again, sent again, and told of.',
        tags: ['resyncs'],
        headers: z.looseObject({
          prefer,
          'idempotency-key': z
            .string()
            .max(600)
            .optional()
            .meta({
              description:
                'A string in double quotes, made up for this resync: a repetition with the same key within 24 hours asks for nothing new. Only a resync of `ids` goes without.',
              examples: ['"5e1f7a52-6f0d-4a37-9d0e-6a5f5f1f8f5d"'],
            }),
        }),
        body: wishBody,
        response: {
          200: resyncStatus.describe('It has ended within the time that `Prefer: wait` gave, or before.'),
          202: resyncStatus.describe('It is stored, and carried out. `Location` says how it stands.'),
          ...refusals(
            'idempotency_key_missing',
            'idempotency_key_busy',
            'idempotency_key_reused',
            'resync_refused',
            gone,
          ),
        },
      },
    },
    async ({ body, headers, caller }, reply) => {
      const accepted = await take(parts, body, {
        key: idempotencyKeyOf(headers['idempotency-key']),
        askedBy: caller.key ?? 'anybody on this machine',
      });
      const { id } = accepted.request;
      if (accepted.as === 'repeated') void reply.header('idempotency-replayed', 'true');
      else parts.newWork.ring();
      await waitForEnd(parts, polls, reply, id, waitOf(headers.prefer));
      const request = (await readRequest(parts.database, id)) ?? accepted.request;
      void reply.header('location', `/v1/resyncs/${id}`).status(request.finishedAt === null ? 202 : 200);
      return answer(parts, reply, request);
    },
  );
}

type Stored = Extract<Accepted, { readonly request: ResyncRequest }>;

/** Stores what is asked for, or refuses it with everything that is in its way. */
async function take(
  parts: ResyncParts,
  { callback, ...wish }: z.output<typeof wishBody>,
  { key, askedBy }: { readonly key: string | null; readonly askedBy: string },
): Promise<Stored> {
  const { choice, inTheWay } = readWish(wish, parts.folder);
  const wrong = callback === undefined ? null : wrongWithCallback(callback.url, parts.callbacks);
  const errors = [...inTheWay, ...(wrong === null ? [] : [{ field: 'callback.url', message: wrong }])];
  if (choice === null || errors.length > 0)
    throw new HttpProblem(
      'resync_refused',
      errors.map(({ field, message }) => (field === '' ? message : `\`${field}\`: ${message}`)).join('; '),
      { errors: errors.map((error) => ({ in: 'body', ...error })) },
    );
  if (key === null && choice.by !== 'ids')
    throw new HttpProblem('idempotency_key_missing', `A resync by \`${choice.by}\` has to have one.`);
  const asked = { flow: wish.flow, choice, callbackUrl: callback?.url ?? null, askedBy, key };
  const accepted = await acceptRequest(parts.database, asked);
  if (accepted.as === 'busy')
    throw new HttpProblem('idempotency_key_busy', 'A request with this key is being stored at this moment.', {
      retryAfterSeconds: 1,
    });
  if (!('request' in accepted))
    throw new HttpProblem('idempotency_key_reused', 'It came with other contents before.');
  return accepted;
}

async function waitForEnd(
  { database }: ResyncParts,
  polls: LongPolls,
  reply: FastifyReply,
  id: string,
  seconds: number | null,
): Promise<void> {
  if (seconds !== null) await polls.wait(reply, seconds, () => hasEnded(database, id));
}

async function known(database: Database, id: string): Promise<ResyncRequest> {
  const request = await readRequest(database, id);
  if (request === null)
    throw new HttpProblem('not_found', 'There is no resync with this id, or not any more.');
  return request;
}

/** Everything that is known of a request, and when to look again. */
async function answer(
  { database, mappings, now }: ResyncParts,
  reply: FastifyReply,
  request: ResyncRequest,
): Promise<z.output<typeof resyncStatus>> {
  const mapping = mappings().find(({ flow }) => flow === request.flow);
  const stops =
    mapping === undefined
      ? []
      : stopsOf(mapping, await listConnectionStates(database), await listFlowPauses(database));
  const nextCheckAfterSeconds = await nextLookAtRequest(database, request, stops, now());
  if (nextCheckAfterSeconds !== null) void reply.header('retry-after', String(nextCheckAfterSeconds));
  return resyncStatusOf(request, {
    nextCheckAfterSeconds,
    callback: callbackReport(request, await readCallback(database, request.id)),
    records: await itemsOf(database, request.id, 100),
  });
}
