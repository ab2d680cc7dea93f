import { z } from 'zod';
import { schemaAt } from '../schema-problem.ts';
import type { YamlPath } from '../yaml.ts';

/** The keys that a declaration has at a path. */
export function shapeIn(declared: z.ZodType, path: YamlPath): { readonly [key: string]: unknown } {
  const schema = schemaAt(declared, path);
  if (!(schema instanceof z.ZodObject)) throw new Error(`no keys are declared at ${path.join('.')}`);
  return schema.shape;
}

/** Meaning of a key, its values, and whether it may be left out. */
export function meaningIn(declared: z.ZodType, path: YamlPath): string {
  const schema = schemaAt(declared, path);
  const { description = '', kind = '' } = schema?.meta() ?? {};
  const options =
    schema instanceof z.ZodEnum
      ? ` Values: ${schema.options.map((option) => `\`${String(option)}\``).join(', ')}.`
      : kind.includes('`')
        ? ` Write ${kind}.`
        : '';
  return `${description}${options}`;
}

/** The keys at a path as a list, each with its meaning. */
export function keyListIn(declared: z.ZodType, path: YamlPath): string {
  return Object.entries(shapeIn(declared, path))
    .map(
      ([key, schema]) =>
        `- \`${key}\`${schema instanceof z.ZodOptional ? '' : ' (required)'}: ${meaningIn(declared, [...path, key])}`,
    )
    .join('\n');
}
