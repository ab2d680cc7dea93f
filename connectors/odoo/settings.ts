import { z } from 'zod';

/** Settings of an Odoo connection. Numbers may also come as text, because that is what an environment variable gives. */
export const odooSettings = z.strictObject({
  /** Address of the server, without a path unless Odoo lives below one. */
  url: z.url({ protocol: /^https?$/ }),
  database: z.string().min(1),
  /** Login of the bot user. Only JSON-RPC needs it: a JSON-2 API key says whose it is. */
  username: z.string().min(1).optional(),
  /** An API key, or for JSON-RPC also a password. */
  apiKey: z.string().min(1),
  /** `auto` asks the server: JSON-2 from Odoo 19 on, JSON-RPC before. */
  transport: z.enum(['auto', 'json2', 'jsonrpc']).default('auto'),
  /** The module part of the external ids stamped on records; must not be the name of an installed module. */
  externalIdModule: z
    .string()
    .regex(/^[A-Za-z_]\w*$/, 'holds letters, digits and underscores only')
    .default('__causeway__'),
  /** Sent as Odoo's context with every call, for example `allowed_company_ids` or `lang`. The time zone stays UTC. */
  context: z.record(z.string(), z.json()).default({}),
  /** Milliseconds for one call. Must be longer than the longest batch takes Odoo to write. */
  deadlineMs: z.coerce.number().int().min(1000).default(60_000),
});

export type OdooSettings = z.output<typeof odooSettings>;
