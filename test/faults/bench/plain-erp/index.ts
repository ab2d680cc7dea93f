import { z } from 'zod';
import type { Connection, Connector, Kit } from '../../../../src/connector/contract.ts';
import { plainClient } from './client.ts';
import { check, describe, findByExternalKey, readByIds, readLines } from './reading.ts';
import { sandbox } from './sandbox/index.ts';
import { removeBatch, upsertBatch } from './writes.ts';

const settings = z.strictObject({
  url: z.url({ protocol: /^https?$/ }),
  apiKey: z.string().min(1),
  /** Milliseconds for one call. */
  deadlineMs: z.coerce.number().int().min(100).default(5000),
  /** How long the index that the look-up reads may lag behind, in milliseconds. */
  settleMs: z.coerce.number().int().min(0).default(1000),
  batch: z.coerce.number().int().min(1).max(200).default(100),
  concurrency: z.coerce.number().int().min(1).default(2),
});
export type PlainSettings = z.output<typeof settings>;

/** An ERP without safe replay: a create that is sent twice makes two records, and nothing in it minds. */
export const plainErp: Connector<PlainSettings> = {
  name: 'plain-erp',
  title: 'Plain ERP',
  settings,
  secrets: ['apiKey'],
  capabilities: {
    source: null,
    sink: {
      creates: true,
      atomicBatches: false,
      idempotentCreates: false,
      listsOwn: false,
      findsByField: false,
      searches: false,
      removals: ['delete', 'deactivate', 'cancel'],
    },
  },
  limits: ({ batch, concurrency, settleMs, deadlineMs }) => ({
    page: 200,
    batch,
    concurrency,
    rate: null,
    settleMs,
    // As long to wait for a turn as to be answered.
    callMs: 2 * deadlineMs,
  }),
  open,
  sandbox,
};

function open(given: PlainSettings, kit: Kit): Connection {
  const client = plainClient(given, kit);
  return {
    source: null,
    sink: {
      check: (signal) => check(client, signal),
      describe: (entity, signal) => describe(client, entity, signal),
      readByIds: (request, signal) => readByIds(client, request, signal),
      readLines: (request, signal) => readLines(client, request, signal),
      findByExternalKey: (request, signal) => findByExternalKey(client, request, signal),
      upsertBatch: (entity, items, signal) => upsertBatch(client, entity, items, signal),
      remove: (entity, items, signal) => removeBatch(client, entity, items, signal),
    },
  };
}
