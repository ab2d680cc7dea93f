import { z } from 'zod';
import { logLevels } from '../telemetry/logger.ts';

const filled = z.string().min(1);

const isDatabase = (text: string): boolean =>
  text === 'embedded' || ['postgres:', 'postgresql:'].includes(URL.parse(text)?.protocol ?? '');

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
    })
    .prefault({}),
  log: z.strictObject({ level: z.enum(logLevels).default('info') }).prefault({}),
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
