import type {
  CheckResult,
  Connection,
  Connector,
  Found,
  Kit,
  Sink,
  Source,
} from '../../src/connector/contract.ts';
import { Fault } from '../../src/connector/fault.ts';
import type { SourceRecord } from '../../src/connector/value.ts';
import { accountDetails, objectPage } from './answers.ts';
import type { Account } from './account.ts';
import { positionFrom } from './cursor.ts';
import { changesSince, pageSize } from './changes.ts';
import { hubspotClient } from './client.ts';
import { accountEntities } from './entities.ts';
import { knownObjects, otherRelationNames } from './objects.ts';
import type { ObjectType } from './objects.ts';
import { accountProperties } from './properties.ts';
import { batchInputs, locate } from './reading.ts';
import type { Located } from './reading.ts';
import { modifiedAt, recordOf } from './records.ts';
import { recordsWith } from './related.ts';
import { hubspotSettings } from './settings.ts';
import type { HubSpotSettings } from './settings.ts';
import { nestedInto, receiveWebhook } from './webhooks.ts';
import { updateBatch } from './writes.ts';

/** HubSpot as a source of companies, contacts, products, deals and every other object of an account, and as a sink for write-back to them. */
export const hubspot: Connector<HubSpotSettings> = {
  name: 'hubspot',
  title: 'HubSpot CRM',
  settings: hubspotSettings,
  secrets: ['token', 'webhookSecret'],
  capabilities: {
    source: {
      entities: {
        companies: { with: Object.keys(knownObjects.companies.relations) },
        contacts: { with: Object.keys(knownObjects.contacts.relations) },
        products: { with: Object.keys(knownObjects.products.relations) },
        deals: { with: Object.keys(knownObjects.deals.relations) },
      },
      otherEntities: { with: otherRelationNames },
      deletes: 'tombstone',
      webhooks: true,
    },
    sink: {
      creates: false,
      atomicBatches: false,
      idempotentCreates: false,
      listsOwn: false,
      findsByField: false,
      searches: false,
      removals: [],
    },
  },
  limits: (settings) => ({
    page: pageSize,
    batch: batchInputs,
    concurrency: 4,
    rate: { requests: settings.requestsPerTenSeconds, perMs: 10_000 },
    settleMs: 0,
  }),
  open,
  // The stand-in is loaded only where one is run.
  sandbox: async (options) => (await import('./sandbox/index.ts')).sandbox(options),
};

function open(settings: HubSpotSettings, kit: Kit): Connection {
  const client = hubspotClient(settings, kit);
  const account: Account = {
    client,
    settings,
    entities: accountEntities(client, kit),
    properties: accountProperties(client, settings, kit),
  };
  const shared = {
    check: (signal: AbortSignal) => check(account, signal),
    describe: async (entity: string, signal: AbortSignal) =>
      account.properties.describe(await account.entities.find(entity, signal), signal),
  };
  return { source: { ...shared, ...sourceOf(account) }, sink: { ...shared, ...sinkOf(account) } };
}

function sourceOf(
  account: Account,
): Pick<Source, 'readByIds' | 'changesSince' | 'cursorFrom' | 'receiveWebhook' | 'nestedInto'> {
  return {
    receiveWebhook: (request) => receiveWebhook(account.settings, request),
    nestedInto: (request, signal) => nestedInto(account, request, signal),
    cursorFrom: positionFrom,
    changesSince: async (request, signal) =>
      changesSince(account, await account.entities.find(request.entity, signal), request, signal),
    readByIds: async (request, signal) => {
      const type = await account.entities.find(request.entity, signal);
      const { asked } = await account.properties.of(type, signal);
      const located = await locate(account.client, type, request.ids, asked, signal);
      const own = located.flatMap(({ id, object }) => (object?.id === id ? [object] : []));
      const records = await recordsWith(account, type, own, request.with, signal);
      const byId = new Map(records.map((record, index) => [own[index]!.id, record]));
      return located.map((entry) => foundOf(type, entry, (id) => byId.get(id)!));
    },
  };
}

function sinkOf(
  account: Account,
): Pick<Sink, 'readByIds' | 'readLines' | 'findByExternalKey' | 'upsertBatch' | 'remove'> {
  return {
    readByIds: async (request, signal) => {
      const type = await account.entities.find(request.entity, signal);
      const asked = [...request.fields, type.modified];
      const located = await locate(account.client, type, request.ids, asked, signal);
      const record = request.fields.map((name) => ({ name }));
      return located.map((entry) => foundOf(type, entry, () => recordOf(entry.object!, { record, asked })));
    },
    // Line items are records of their own here, and nothing writes them.
    readLines: async ({ items }) => items.map(({ targetId }) => ({ targetId, lines: [] })),
    // Nothing is created here, so no external key was ever stamped on a HubSpot record.
    findByExternalKey: async () => [],
    upsertBatch: async (entity, items, signal) =>
      updateBatch(account.client, await account.entities.find(entity, signal), items, signal),
    remove: async () => {
      throw new Fault({
        kind: 'config',
        code: 'hubspot_removes_nothing',
        message: 'The HubSpot connector removes no records: it writes back to records that exist.',
      });
    },
  };
}

function foundOf(type: ObjectType, { id, object }: Located, record: (id: string) => SourceRecord): Found {
  if (object === null) return { id, status: 'missing' };
  if (object.id !== id) return { id, status: 'merged', into: object.id };
  return { id, status: 'found', modifiedAt: modifiedAt(type, object), record: record(id) };
}

/**
 * The tenant is the account (portal) id. An app that may not read the account's details is checked by reading one
 * company instead, and named by the host it speaks to: stable, but the same for every account on that host.
 */
async function check({ client, settings }: Account, signal: AbortSignal): Promise<CheckResult> {
  const version = settings.pathVersion;
  try {
    const account = await client.find(client.paths.account, {}, accountDetails, signal);
    if (account !== null) return { identity: `hubspot:${account.portalId}`, version };
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'hubspot_missing_scope') throw error;
  }
  await client.get(client.paths.objects(knownObjects.companies), { limit: '1' }, objectPage, signal);
  return { identity: `hubspot:${new URL(settings.baseUrl).host}`, version };
}
