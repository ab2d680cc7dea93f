/** Adds the plain ERP to the connectors; to be loaded before anything that reads the list. */
import { connectors } from '../../../connectors/index.ts';
import type { Connector } from '../../../src/connector/contract.ts';
import { plainErp } from './plain-erp/index.ts';

(connectors as Connector[]).push(plainErp);
