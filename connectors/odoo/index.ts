import type { Connection, Connector, Kit } from '../../src/connector/contract.ts';
import { check } from './check.ts';
import { codeTables } from './codes.ts';
import { describe } from './describe.ts';
import { externalIds } from './external-ids.ts';
import { odooModels } from './fields.ts';
import { readLines } from './read-lines.ts';
import { findByExternalKey, findByField, pageOfOwn, readByIds } from './reading.ts';
import { readWhere } from './read-where.ts';
import { recordUrl } from './record-url.ts';
import { remove } from './remove.ts';
import { sandbox } from './sandbox/index.ts';
import { odooServer } from './server.ts';
import type { Session } from './session.ts';
import { odooSettings, type OdooSettings } from './settings.ts';
import { upsertBatch } from './upsert.ts';

/** Odoo 16 and later as a sink for any of its models: partners, products, sales orders with their lines. */
export const odoo: Connector<OdooSettings> = {
  name: 'odoo',
  title: 'Odoo ERP',
  settings: odooSettings,
  secrets: ['apiKey'],
  capabilities: {
    source: null,
    sink: {
      creates: true,
      // Each import is one transaction, but records with different sets of fields need one import for each set.
      atomicBatches: false,
      idempotentCreates: true,
      listsOwn: true,
      findsByField: true,
      searches: true,
      removals: ['deactivate', 'cancel', 'delete'],
    },
  },
  // Odoo states no rate. Two calls at a time keep a small server responsive for the people who work with it.
  limits: () => ({ page: 200, batch: 200, concurrency: 2, rate: null, settleMs: 2000 }),
  open,
  sandbox,
};

function open(settings: OdooSettings, kit: Kit): Connection {
  const server = odooServer(settings, kit);
  const { call } = server;
  const session: Session = {
    settings,
    call,
    models: odooModels(call, kit.now),
    codes: codeTables(call),
    externalIds: externalIds(call, settings.externalIdModule),
  };
  return {
    source: null,
    sink: {
      check: (signal) => check(session, server, signal),
      describe: (entity, signal) => describe(session, entity, signal),
      readByIds: (request, signal) => readByIds(session, request, signal),
      readLines: (request, signal) => readLines(session, request, signal),
      findByExternalKey: (request, signal) => findByExternalKey(session, request, signal),
      upsertBatch: (entity, items, signal) => upsertBatch(session, entity, items, signal),
      remove: (entity, items, signal) => remove(session, entity, items, signal),
      pageOfOwn: (request, signal) => pageOfOwn(session, request, signal),
      recordUrl: (entity, id) => recordUrl(settings.url, entity, id),
      findByField: (request, signal) => findByField(session, request, signal),
      readWhere: (request, signal) => readWhere(session, request, signal),
    },
  };
}
