import type { EntityDescription, FieldDescription } from '../../connector/contract.ts';
import { didYouMean, didYouMeanField } from '../../errors/suggestion.ts';
import type { SourceField } from './source-reads.ts';

export type Fields = { readonly [name: string]: FieldDescription };

/** The description of a field by its name; undefined where there is none. */
export function own(fields: Fields, name: string): FieldDescription | undefined {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

/** The fields of a related record or of a list; undefined where they are not described. */
export function fieldsAt(fields: Fields, steps: readonly string[]): Fields | undefined {
  let current: Fields | undefined = fields;
  for (const step of steps) current = current && own(current, step)?.fields;
  return current;
}

/** The description of a field that a mapping reads; undefined where it is not described. */
export function describedAt(
  source: EntityDescription,
  { lines, steps }: SourceField,
): FieldDescription | undefined {
  const fields = fieldsAt(source.fields, [...(lines ?? []), ...steps.slice(0, -1)]);
  return fields && own(fields, steps.at(-1) ?? '');
}

export function noField(entity: string, field: string, fields: Fields): string {
  return `${entity} has no field \`${field}\`${didYouMeanField(field, Object.keys(fields))}`;
}

/** How many values of a pick list a message names. */
const mostNamed = 12;

/** What to write instead of a value that a pick list does not offer: the one that is near, and what it offers. */
export function offered(value: string, options: readonly string[]): string {
  const near = didYouMean(value, options);
  if (options.length === 0) return '';
  const more = options.length > mostNamed ? ` and ${options.length - mostNamed} more` : '';
  return `${near === '' ? '; it' : `${near} It`} offers ${options.slice(0, mostNamed).join(', ')}${more}`;
}
