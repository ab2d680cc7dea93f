import type { z } from 'zod';
import type { Problem } from '../errors/error.ts';
import { type Declaration, declaration, type LinesDeclaration, type PartDeclaration } from './declaration.ts';
import { schemaProblems } from './schema-problem.ts';
import type { Yaml } from './yaml.ts';

/**
 * What a file declares, as far as it can be understood, and every problem with its shape. The parts that are sound
 * are declared even if others are not, so that these can be checked further and all problems are told at once.
 */
export function declare(yaml: Yaml): {
  readonly declared: Declaration | null;
  readonly problems: readonly Problem[];
} {
  if (yaml.plain === undefined) return { declared: null, problems: yaml.problems };
  const whole = declaration.safeParse(yaml.plain);
  if (whole.success) return { declared: whole.data, problems: yaml.problems };
  const problems = [...yaml.problems, ...schemaProblems(declaration, whole.error, yaml)];
  return { declared: isGroup(yaml.plain) ? salvage(yaml.plain) : null, problems };
}

export type Plain = { readonly [key: string]: unknown };

export function isGroup(plain: unknown): plain is Plain {
  return typeof plain === 'object' && plain !== null && !Array.isArray(plain);
}

/**
 * Stand-ins take the place of what is missing or unsound, so that nothing else is blamed for its absence; nothing
 * that is made of them is ever run.
 */
function salvage(plain: Plain): Declaration {
  const { shape } = declaration;
  const simple = Object.entries(shape).flatMap(([key, schema]): [string, unknown][] =>
    soundPart(plain[key], key, schema),
  );
  const also = group(plain['also']);
  return {
    flow: '',
    read: { from: '', entity: '' },
    write: { to: '', entity: '' },
    ...Object.fromEntries(simple),
    ...salvageOwn(plain),
    ...salvageValueMaps(plain['value_maps']),
    ...(also && {
      also: Object.fromEntries(Object.entries(also).map(([name, part]) => [name, salvagePart(part)])),
    }),
  };
}

function salvagePart(part: unknown): PartDeclaration {
  const { shape } = declaration.shape.also.unwrap().valueType;
  const plain = group(part) ?? {};
  const simple = Object.entries(shape).flatMap(([key, schema]) => soundPart(plain[key], key, schema));
  return { write: { entity: '' }, ...Object.fromEntries(simple), ...salvageOwn(plain) };
}

function salvageOwn(plain: Plain): Pick<Declaration, 'fields' | 'lines'> {
  const lines = group(plain['lines']);
  return {
    fields: salvageRules(plain['fields'], declaration.shape.fields.valueType),
    ...(lines && {
      lines: Object.fromEntries(Object.entries(lines).map(([field, each]) => [field, salvageLines(each)])),
    }),
  };
}

/** The value of a key, where its schema takes it. */
export function soundPart(value: unknown, key: string, schema: z.ZodType): [string, unknown][] {
  const parsed = schema.safeParse(value);
  return parsed.success && parsed.data !== undefined ? [[key, parsed.data]] : [];
}

function group(value: unknown): Plain | null {
  return isGroup(value) ? value : null;
}

const standIn = { value: '' };

/** The rules that are sound, and stand-ins for the others. */
export function salvageRules<R>(rules: unknown, schema: z.ZodType<R>): Record<string, R | typeof standIn> {
  const entries = Object.entries(group(rules) ?? { '': standIn });
  return Object.fromEntries(entries.map(([field, rule]) => [field, schema.safeParse(rule).data ?? standIn]));
}

function salvageLines(lines: unknown): LinesDeclaration {
  const schema = declaration.shape.lines.unwrap().valueType;
  const given = group(lines) ?? {};
  const { for_each: forEach, key } = given;
  return {
    for_each: schema.shape.for_each.safeParse(forEach).data ?? 'lines',
    key: schema.shape.key.safeParse(key).data ?? 'id',
    fields: salvageRules(given['fields'], schema.shape.fields.valueType),
  };
}

export function salvageValueMaps(maps: unknown): Pick<Declaration, 'value_maps'> {
  const schema = declaration.shape.value_maps.unwrap().valueType;
  const entries = Object.entries(group(maps) ?? {});
  return {
    value_maps: Object.fromEntries(
      entries.map(([name, map]) => [name, schema.safeParse(map).data ?? { '': '' }]),
    ),
  };
}
