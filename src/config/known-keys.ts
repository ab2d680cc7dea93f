import { z } from 'zod';
import type { ConfigPath } from './config.ts';

/** The keys that a schema knows at a path, or none where it takes any. */
export function knownKeys(schema: z.ZodType, path: ConfigPath = []): string[] {
  const root: unknown = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  const inner = path.reduce<unknown>((node, step) => childOf(node, step), root);
  return Object.keys(recordOf(recordOf(inner)['properties']));
}

function childOf(node: unknown, step: string | number): unknown {
  const { properties, additionalProperties, items } = recordOf(node);
  if (typeof step === 'number') return items;
  return recordOf(properties)[step] ?? additionalProperties;
}

const recordOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? { ...value } : {};
