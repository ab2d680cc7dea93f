import type { Connector } from '../src/connector/contract.ts';
import { hubspot } from './hubspot/index.ts';
import { odoo } from './odoo/index.ts';

/** The connectors that Causeway ships. A new one is its own folder and one line here. */
export const connectors: readonly Connector[] = [hubspot, odoo];
