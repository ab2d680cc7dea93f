import type { z } from 'zod';
import type { Problem } from '../../errors/error.ts';
import { isGroup, type Plain, salvageRules, salvageValueMaps, soundPart } from '../declare.ts';
import {
  type LookupDeclaration,
  lookupDeclaration,
  notInReplies,
  type ReplyLinesDeclaration,
} from './lookup-declaration.ts';
import { schemaProblems } from '../schema-problem.ts';
import type { Yaml } from '../yaml.ts';

/**
 * What a lookup file declares, as far as it can be understood, and every problem with its shape: see `declare`.
 * `unclear` are the questions that are there and not sound, so that no rule is blamed for reading of them.
 */
export function declareLookup(yaml: Yaml): {
  readonly declared: LookupDeclaration | null;
  readonly unclear: readonly string[];
  readonly problems: readonly Problem[];
} {
  if (yaml.plain === undefined) return { declared: null, unclear: [], problems: yaml.problems };
  const whole = lookupDeclaration.safeParse(yaml.plain);
  if (whole.success) return { declared: whole.data, unclear: [], problems: yaml.problems };
  const problems = [...yaml.problems, ...schemaProblems(lookupDeclaration, whole.error, yaml, notInReplies)];
  if (!isGroup(yaml.plain)) return { declared: null, unclear: [], problems };
  return { ...salvage(yaml.plain), problems };
}

function salvage(plain: Plain): { declared: LookupDeclaration; unclear: string[] } {
  const { shape } = lookupDeclaration;
  const simple = Object.entries(shape).flatMap(([key, schema]) =>
    key === 'ask' ? [] : soundPart(plain[key], key, schema as z.ZodType),
  );
  const questions = Object.entries(group(plain['ask']) ?? {});
  const sound = questions.flatMap(([name, question]) => soundPart(question, name, shape.ask.valueType)) as [
    string,
    LookupDeclaration['ask'][string],
  ][];
  const known = new Set(sound.map(([name]) => name));
  const lines = group(plain['lines']);
  return {
    declared: {
      lookup: '',
      ...Object.fromEntries(simple),
      ask: Object.fromEntries(sound),
      fields: salvageRules(plain['fields'], shape.fields.valueType),
      ...(lines && {
        lines: Object.fromEntries(Object.entries(lines).map(([name, each]) => [name, salvageLines(each)])),
      }),
      ...salvageValueMaps(plain['value_maps']),
    },
    unclear: questions.flatMap(([name]) => (known.has(name) ? [] : name)),
  };
}

function salvageLines(lines: unknown): ReplyLinesDeclaration {
  const schema = lookupDeclaration.shape.lines.unwrap().valueType;
  const given = group(lines) ?? {};
  const simple = ['for_each', 'group_by'] as const;
  const sound = simple.flatMap((key) => soundPart(given[key], key, schema.shape[key]));
  return {
    for_each: '',
    ...Object.fromEntries(sound),
    fields: salvageRules(given['fields'], schema.shape.fields.valueType),
  };
}

const group = (value: unknown): Plain | null => (isGroup(value) ? value : null);
