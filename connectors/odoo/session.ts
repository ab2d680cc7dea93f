import type { CodeTables } from './codes.ts';
import type { ExternalIds } from './external-ids.ts';
import type { Models } from './fields.ts';
import type { OdooSettings } from './settings.ts';
import type { Rpc } from './transport.ts';

/** An open connection to one Odoo database, with what has been learned of it. */
export type Session = {
  readonly settings: OdooSettings;
  readonly call: Rpc;
  readonly models: Models;
  readonly codes: CodeTables;
  readonly externalIds: ExternalIds;
};
