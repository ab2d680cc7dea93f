import { z } from 'zod';
import { parseDuration } from '../mapping/duration.ts';
import { logLevels } from '../telemetry/logger.ts';

const filled = z.string().min(1);

const isDatabase = (text: string): boolean =>
  text === 'embedded' || ['postgres:', 'postgresql:'].includes(URL.parse(text)?.protocol ?? '');

function isWebAddress(text: string): boolean {
  const url = URL.parse(text);
  return (
    url !== null &&
    ['https:', 'http:'].includes(url.protocol) &&
    url.username + url.password + url.hash === ''
  );
}

/** An address that others call this server by; a path in front of its own is allowed. */
const isPublicUrl = (text: string): boolean => isWebAddress(text) && URL.parse(text)?.search === '';

/** As Standard Webhooks have it. */
function isSigningSecret(text: string): boolean {
  const [, base64 = ''] = /^whsec_([A-Za-z0-9+/]+={0,2})$/u.exec(text) ?? [];
  const bytes = Buffer.from(base64, 'base64').length;
  return bytes >= 24 && bytes <= 64;
}

/** An address that notices may be sent to. Without TLS only into a network that is one's own. */
const webhookSchema = z
  .strictObject({
    url: filled.refine(isWebAddress, 'must be an https:// address without a user name, a password or a #'),
    secret: filled.refine(isSigningSecret, 'must be `whsec_` followed by 24 to 64 bytes in base64'),
    allow_private: z.boolean().default(false),
  })
  .refine(({ url, allow_private }) => allow_private || URL.parse(url)?.protocol === 'https:', {
    message: 'must be an https:// address, unless `allow_private` is true',
    path: ['url'],
  });

/** What callbacks to whoever asked for work are signed with. */
const callbacksSchema = z.strictObject({
  secret: filled.refine(isSigningSecret, 'must be `whsec_` followed by 24 to 64 bytes in base64'),
  allow_private: z.boolean().default(false),
});
const secondsOf = (text: string): number => parseDuration(text) ?? 0;
const duration = z
  .string()
  .refine((text) => secondsOf(text) > 0, 'must be a duration such as `90d`, `12h` or `30m`')
  .transform(secondsOf);
const payloads = z.enum(['keep', 'hashes']);

/** How long what is only looked back on is kept. */
const retention = z.strictObject({
  history: duration.prefault('365d'),
  runs: duration.prefault('90d'),
  jobs: duration.prefault('1d'),
  payloads: z
    .strictObject({ default: payloads.default('keep'), flows: z.record(filled, payloads).default({}) })
    .prefault({}),
});

/** The file without its connections, which are checked one by one so that each problem is found. */
export const fileSchema = z.strictObject({
  database: z.string().refine(isDatabase, 'must be `embedded` or a postgres:// address').default('embedded'),
  data: filled.default('.causeway'),
  mappings: filled.default('mappings'),
  connections: z.record(filled, z.unknown()).default({}),
  http: z
    .strictObject({
      host: filled.default('127.0.0.1'),
      port: z.number().int().min(0).max(65_535).default(8321),
      public_url: z
        .string()
        .refine(isPublicUrl, 'must be an http(s):// address without a query')
        .transform((text) => text.replace(/\/+$/u, ''))
        .optional(),
      rate_limit: z
        .strictObject({
          requests: z.number().int().min(1).default(2000),
          seconds: z.number().int().min(1).max(3600).default(10),
        })
        .prefault({}),
      callbacks: callbacksSchema.optional(),
    })
    .prefault({}),
  alerts: z.strictObject({ webhook: webhookSchema.optional() }).prefault({}),
  log: z.strictObject({ level: z.enum(logLevels).default('info') }).prefault({}),
  retention: retention.prefault({}),
});

export const connectionSchema = z.strictObject({
  connector: filled,
  settings: z.record(filled, z.unknown()).default({}),
  sandbox: z
    .strictObject({
      seed: filled,
      misbehave: z.record(filled, z.unknown()).default({}),
      port: z.number().int().min(0).max(65_535).default(0),
    })
    .optional(),
});
