import { z } from 'zod';
import type { EntityDescription, FieldDescription } from '../connector/contract.ts';
import { problem } from '../errors/catalogue.ts';
import type { Problem } from '../errors/error.ts';
import type { SourceText } from '../errors/source-text.ts';

/** What the systems said of their entities when they were last asked, by connection. */
export type Described = { readonly [connection: string]: DescribedConnection };

export type DescribedConnection = {
  /** Which system answered, so that the description of one is never held against another. */
  readonly system: string;
  /** Entities that can be read from it, and entities that can be written to it, by name. */
  readonly source: { readonly [entity: string]: EntityDescription };
  readonly sink: { readonly [entity: string]: EntityDescription };
};

const fieldTypes = [
  'text',
  'integer',
  'decimal',
  'boolean',
  'date',
  'datetime',
  'enum',
  'country',
  'currency',
  'reference',
  'lines',
  'record',
] as const satisfies readonly FieldDescription['type'][];

const field: z.ZodType<FieldDescription> = z.strictObject({
  type: z.enum(fieldTypes),
  label: z.string(),
  required: z.boolean(),
  readOnly: z.boolean(),
  options: z.array(z.string()).exactOptional(),
  maxLength: z.number().exactOptional(),
  to: z.string().exactOptional(),
  get fields() {
    return z.record(z.string(), field).exactOptional();
  },
});
const entities = z.record(
  z.string(),
  z.strictObject({ entity: z.string(), fields: z.record(z.string(), field) }),
);
const document = z.record(
  z.string(),
  z.strictObject({ system: z.string(), source: entities, sink: entities }),
);

/**
 * Reads the file of descriptions. It is written by `causeway check --online` and not by hand, so one that cannot be
 * read is one problem (`described_unreadable`), and counts as nothing described.
 */
export function readDescribed(file: SourceText | null): {
  readonly described: Described;
  readonly problems: readonly Problem[];
} {
  if (file === null) return { described: {}, problems: [] };
  const place = { at: { file: file.path, line: 1, column: 1 } };
  try {
    const parsed = document.safeParse(JSON.parse(file.text));
    if (parsed.success) return { described: parsed.data, problems: [] };
    const path = parsed.error.issues[0]?.path.join('.') ?? '';
    const message = `The descriptions of the systems have another form than expected at \`${path}\`.`;
    return { described: {}, problems: [problem('described_unreadable', message, place)] };
  } catch {
    const message = 'The descriptions of the systems are not JSON.';
    return { described: {}, problems: [problem('described_unreadable', message, place)] };
  }
}

/** The text of the file: sorted, with a field on each line, so that a difference shows what a vendor has changed. */
export function describedText(described: Described): string {
  return `${block(described, '', (connection, indent) => {
    const { system, source, sink } = connection;
    const side = (all: DescribedConnection['source']): string =>
      block(
        all,
        `${indent}  `,
        ({ entity, fields }, deeper) =>
          `{ "entity": ${JSON.stringify(entity)}, "fields": ${block(fields, deeper, fieldText)} }`,
      );
    return `{\n${indent}  "system": ${JSON.stringify(system)},\n${indent}  "source": ${side(source)},\n${indent}  "sink": ${side(sink)}\n${indent}}`;
  })}\n`;
}

function fieldText({ fields, ...plain }: FieldDescription, indent: string): string {
  const text = JSON.stringify(plain);
  return fields === undefined ? text : `${text.slice(0, -1)},"fields":${block(fields, indent, fieldText)}}`;
}

function block<T>(
  group: { readonly [name: string]: T },
  indent: string,
  text: (value: T, indent: string) => string,
): string {
  const lines = Object.entries(group)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${indent}  ${JSON.stringify(name)}: ${text(value, `${indent}  `)}`);
  return lines.length === 0 ? '{}' : `{\n${lines.join(',\n')}\n${indent}}`;
}
