import { z } from 'zod';
import { problem } from '../errors/catalogue.ts';
import type { Problem } from '../errors/error.ts';
import { didYouMean } from '../errors/suggestion.ts';
import type { Yaml, YamlPath } from './yaml.ts';

/**
 * Says in our words, and at its place in the file, each thing that zod found wrong. No message of zod's own ever
 * leaves here: what a key must be is the `kind` of its schema. `elsewhere` are keys that mean something in files of
 * another kind, and why they mean nothing here.
 */
export function schemaProblems(
  schema: z.ZodType,
  error: z.ZodError,
  yaml: Yaml,
  elsewhere: { readonly [key: string]: string } = {},
): Problem[] {
  const problems = error.issues.flatMap((issue) => {
    const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
    const at = schemaAt(schema, path);
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => unknownKey(at, path, key, yaml, elsewhere));
    if (issue.code === 'invalid_key') return [badKey(schema, path, yaml)];
    const value = valueIn(yaml.plain, path);
    if (value === undefined) {
      const parent = path.length > 1 ? ` under ${label(path.slice(0, -1))}` : '';
      return [
        problem(
          'mapping_missing_key',
          `${label(path)} is missing${parent}`,
          yaml.place(path.slice(0, -1), 'key'),
        ),
      ];
    }
    return [problem('mapping_bad_value', badValue(at, path, value), yaml.place(path, 'value'))];
  });
  // zod tells twice of a known key where other keys may be anything.
  return [...new Map(problems.map((one) => [JSON.stringify(one), one])).values()];
}

function unknownKey(
  at: z.ZodType | null,
  path: YamlPath,
  key: string,
  yaml: Yaml,
  elsewhere: { readonly [key: string]: string },
): Problem {
  const known = at instanceof z.ZodObject ? Object.keys(at.shape) : [];
  const hint =
    (Object.hasOwn(elsewhere, key) ? `; ${elsewhere[key]}` : '') ||
    missingMark(key, known, path.length > 0 && valueIn(yaml.plain, [...path, key]) === '') ||
    didYouMean(key, known) ||
    (known.length > 0 && known.length <= 9 ? `; the keys here are ${known.join(', ')}` : '');
  return problem('mapping_unknown_key', `unknown key \`${key}\`${hint}`, yaml.place([...path, key], 'key'));
}

/** zod gives the path of the entry whose name is wrong. */
function badKey(schema: z.ZodType, path: YamlPath, yaml: Yaml): Problem {
  const group = schemaAt(schema, path.slice(0, -1));
  const kind = (group instanceof z.ZodRecord && kindOf(group.def.keyType as z.ZodType)) || 'another name';
  return problem('mapping_bad_value', `${label(path)} must be ${kind}`, yaml.place(path, 'key'));
}

/** What is missing in `from id`, in `from:id`, and in `value: a, b`, where `b` looks like a key without a value. */
function missingMark(key: string, known: readonly string[], bare: boolean): string {
  const [, name = '', rest = ''] = /^(\w+)[\s:]\s*(.+)$/.exec(key) ?? [];
  if (known.includes(name)) return `; write \`${name}: ${rest}\``;
  const near = didYouMean(key, known);
  return bare && near === '' ? '; a value that holds a comma must stand in quotes' : '';
}

function badValue(at: z.ZodType | null, path: YamlPath, value: unknown): string {
  const kind = (at && kindOf(at)) ?? 'something else';
  const options = at instanceof z.ZodEnum ? at.options.map(String) : [];
  const hint = typeof value === 'string' ? didYouMean(value, options) : '';
  return `${label(path)} must be ${kind}, and it is ${whatIs(value)}${hint}`;
}

function whatIs(value: unknown): string {
  if (value === '') return 'empty';
  if (value === null || typeof value === 'boolean') return `\`${value}\``;
  if (typeof value === 'string') return `\`${value.length > 80 ? `${value.slice(0, 79)}…` : value}\``;
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  return 'a group of keys';
}

/** The key itself, or the number of an item in its list. */
function label(path: YamlPath): string {
  const last = path.at(-1);
  if (last === undefined) return 'the file';
  if (typeof last === 'string') return `\`${last}\``;
  return `item ${last + 1} of \`${path.findLast((step) => typeof step === 'string') ?? ''}\``;
}

function kindOf(schema: z.ZodType): string | undefined {
  return schema.meta()?.kind;
}

function valueIn(plain: unknown, path: YamlPath): unknown {
  let value = plain;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as { readonly [step: string]: unknown })[step];
  }
  return value;
}

/** The schema of what stands at a path, without the wrappers that make it optional or convert it. */
export function schemaAt(schema: z.ZodType, path: YamlPath): z.ZodType | null {
  let current: z.ZodType | null = bare(schema);
  for (const step of path) {
    const next: unknown = current === null ? null : inside(current, step);
    current = next instanceof z.ZodType ? bare(next) : null;
  }
  return current;
}

function inside(schema: z.ZodType, step: string | number): unknown {
  if (schema instanceof z.ZodObject) return schema.shape[step] ?? schema.def.catchall;
  if (schema instanceof z.ZodRecord) return schema.def.valueType;
  return schema instanceof z.ZodArray ? schema.def.element : null;
}

function bare(schema: z.ZodType): z.ZodType {
  let current: unknown = schema;
  for (;;) {
    if (current instanceof z.ZodOptional) current = current.def.innerType;
    else if (current instanceof z.ZodPipe) current = current.def.in;
    else return current instanceof z.ZodType ? current : schema;
  }
}
