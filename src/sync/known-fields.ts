import { didYouMean } from '../errors/suggestion.ts';
import type { Described } from '../mapping/described.ts';
import type { Mapping } from '../mapping/mapping.ts';

/** Sentences on fields that records of the source do not have; none where it was never described. */
export function unknownFields(described: Described, { read }: Mapping, fields: readonly string[]): string[] {
  const entity = described[read.from]?.source[read.entity];
  if (entity === undefined) return [];
  const names = ['id', ...Object.keys(entity.fields), ...read.with];
  return fields
    .filter((field) => !names.includes(field))
    .map((field) => `${read.entity} has no field \`${field}\`${didYouMean(field, names)}`);
}
