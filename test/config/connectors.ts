import { z } from 'zod';
import type { ConnectorRegistry } from '../../src/config/config.ts';

/** Two invented connectors for the tests of the configuration. */
export const connectors: ConnectorRegistry = {
  bluebox: {
    settings: z.strictObject({
      token: z.string().min(1),
      baseUrl: z.url().default('https://bluebox.example.com'),
      pageSize: z.number().int().positive().optional(),
      strict: z.boolean().optional(),
      account: z.string().optional(),
      regions: z.array(z.enum(['eu', 'us'])).optional(),
      limits: z.strictObject({ perSecond: z.number() }).optional(),
    }),
    secrets: ['token'],
    sandbox: {},
  },
  ledger: {
    settings: z.strictObject({ url: z.url(), password: z.string() }),
    secrets: ['password'],
    sandbox: null,
  },
};
