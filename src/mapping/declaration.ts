import { z } from 'zod';
import { kinds } from './convert.ts';
import { roundings } from './decimal.ts';

/**
 * What a mapping file may say. Everything is declared here once: the checks, the editor's JSON schema and the
 * reference page all come from it. Every scalar arrives as text. `kind` completes "must be …" in a message; `editor`
 * are the JSON types that an editor sees where a person writes the value without quotes.
 */
declare module 'zod' {
  interface GlobalMeta {
    kind?: string;
    editor?: readonly string[];
  }
}

const scalarInEditor = ['string', 'number', 'boolean'] as const;

const text = (kind: string, description: string) => z.string().min(1).meta({ kind, description });
const scalar = (kind: string, description: string) =>
  z.string().meta({ kind, description, editor: scalarInEditor });
const whole = (least: number, most: number, description: string) =>
  z
    .string()
    .regex(/^\d{1,6}$/)
    .refine((digits) => Number(digits) >= least && Number(digits) <= most)
    .meta({ kind: `a whole number from ${least} to ${most}`, description, editor: ['integer'] })
    .transform(Number);
const oneOf = <const T extends readonly [string, ...string[]]>(values: T, description: string) =>
  z.enum(values).meta({ kind: `one of ${values.join(', ')}`, description });

const path = 'the path of a source field, such as `company.id`';
const expression = 'an expression, such as `amount > 0`';

/** Where a value comes from. A rule has exactly one of these, or `choose`. */
const sources = {
  from: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
    .meta({
      kind: `${path}, or a list of paths`,
      description:
        'The path of a source field, or a list of paths, of which the first that is not empty is taken. Inside `lines`, paths are relative to the line, and `..name` is a field of the record.',
    })
    .optional(),
  value: scalar('a fixed value', 'A fixed value.').optional(),
  template: text(
    'a text with fields in braces, such as `CRM {id}`',
    'A text with fields in braces. Where a field is empty, the space beside it goes with it; when all are empty, so is the whole. `{{` stands for a brace.',
  ).optional(),
  expr: text(expression, 'A CEL expression over the record.').optional(),
};

const source = z.strictObject(sources).meta({ kind: 'a source such as `{ value: consu }`' });

const branch = z
  .strictObject({
    when: text(expression, 'The branch is taken when this expression is true.').optional(),
    ...sources,
  })
  .meta({ kind: 'a branch such as `{ when: price == "0", value: gift }`' });

const ruleShape = {
  ...sources,
  choose: z
    .array(branch)
    .min(1)
    .meta({
      kind: 'a list of branches such as `{ when: price == "0", value: gift }`',
      description: 'A list of branches. The first whose `when` is true gives the value.',
    })
    .optional(),
  else: source
    .meta({
      kind: 'a source such as `{ value: consu }`',
      description:
        'The source of the value when no branch of `choose` is taken. Without it the value is empty.',
    })
    .optional(),
  reference: text(
    'the name of a flow',
    'The flow that carries the record which `from` names by its source id. The value becomes the id of that record in the ERP.',
  ).optional(),
  if_missing: oneOf(
    ['wait', 'reject', 'null'],
    'What happens when the record that is referred to is not in the ERP yet: this record waits for it (the default), is rejected, or goes without.',
  ).optional(),
  map: text('the name of a value map', 'The value map that translates the value.').optional(),
  default: scalar(
    'a fixed value',
    'The value when there is none; it is converted like any other.',
  ).optional(),
  as: oneOf(
    kinds,
    'What the value is converted to. Without it, it goes as it comes. Decimals stay text; dates without a time pass no time zone; a country becomes its two-letter code.',
  ).optional(),
  scale: whole(
    0,
    20,
    'Decimals after the point, for `as: decimal`. Without it every digit is kept.',
  ).optional(),
  rounding: oneOf(
    Object.keys(roundings) as [keyof typeof roundings, ...(keyof typeof roundings)[]],
    'How `scale` rounds. Ties go to the even digit (the default), away from zero, or towards zero; `up` and `down` always go away from zero, or towards it.',
  ).optional(),
  timezone: text(
    'a time zone such as `Europe/Paris`',
    'For `as: date`: where the day of an instant is read off (UTC unless given). For `as: datetime`: where a date without a time begins.',
  ).optional(),
  max: whole(1, 100_000, 'The longest text that the field holds, in characters.').optional(),
  too_long: oneOf(
    ['error', 'cut'],
    'What happens to a longer text: the record is rejected (the default), or the text is cut.',
  ).optional(),
  when_empty: oneOf(
    ['keep', 'clear'],
    'What an empty value does: the ERP keeps its own (the default), or the field is cleared.',
  ).optional(),
  required: oneOf(['true', 'false'], 'A record without a value is rejected.')
    .meta({ kind: 'one of true, false', editor: ['boolean'] })
    .transform((word) => word === 'true')
    .optional(),
};

const lineRule = z.strictObject(ruleShape).meta({ kind: 'a rule such as `{ from: name }`' });

const rule = z
  .strictObject({
    ...ruleShape,
    write_on: oneOf(
      ['always', 'create'],
      'Written every time (the default), or only when the record is created.',
    ).optional(),
  })
  .meta({ kind: 'a rule such as `{ from: name }`' });

const lines = z
  .strictObject({
    for_each: text('the path of a list', 'The list in the source that makes the lines.'),
    key: text(
      'the path of a field of the line',
      'The field of a source line that names it for its whole life.',
    ),
    removed_lines: oneOf(
      ['keep', 'delete'],
      'What becomes of an ERP line whose source line is gone: it stays (the default), or it is deleted.',
    ).optional(),
    fields: z.record(z.string(), lineRule).meta({
      kind: 'a group of `field: { rule }`',
      description: 'ERP field of the line, and the rule that fills it.',
    }),
  })
  .meta({ kind: 'a group with `for_each`, `key` and `fields`' });

/** `file`, `values` and `unknown` have a meaning of their own; in the short form all others are values. */
const valueMap = z
  .object({
    file: text(
      'the path of a CSV file',
      'A CSV file beside the mapping, with the columns `from` and `to`.',
    ).optional(),
    values: z
      .record(z.string(), scalar('a fixed value', ''))
      .meta({
        kind: 'a group of `source value: ERP value`',
        description: 'The values, where `unknown` is needed as well.',
      })
      .optional(),
    unknown: oneOf(
      ['reject', 'keep', 'default'],
      "What happens to a value that is not in the map: the record is rejected (the default), the value stays, or the rule's `default` is taken.",
    ).optional(),
  })
  .catchall(scalar('a fixed value', ''))
  .meta({ kind: 'a group of `source value: ERP value`, or `{ file: values/name.csv }`' });

const writeBack = z
  .strictObject({
    to: text('the name of a connection', 'The connection that the record was read from.'),
    field: text('the name of a source field', 'The source field to write.'),
    from: text('the name of an ERP field, or `id`', 'The ERP field that holds the value, or `id`.'),
  })
  .meta({ kind: 'a line such as `{ to: crm, field: erp_number, from: name }`' });

const name = z.string().regex(/^[a-z][a-z0-9_-]{0,47}$/);
const leaves =
  'The record of the ERP stays as it is (the default), is cancelled, is deactivated, or is deleted.';

export const declaration = z
  .strictObject({
    flow: name.meta({
      kind: 'a name in small letters, digits, `-` and `_`',
      description: 'The name of the flow, by which commands and references call it.',
    }),
    about: text('a sentence', 'What the flow is for, in a sentence.').optional(),
    read: z
      .strictObject({
        from: text('the name of a connection', 'The connection to read from.'),
        entity: text('the name of an entity', 'What is read there.'),
        with: z
          .array(z.string().min(1))
          .meta({ kind: 'a list of names', description: 'Related records to nest into each record.' })
          .optional(),
      })
      .meta({
        kind: 'a group such as `{ from: crm, entity: companies }`',
        description: 'Where records come from.',
      }),
    write: z
      .strictObject({
        to: text('the name of a connection', 'The connection to write to.'),
        entity: text('the name of an entity', 'What is written there.'),
        key: text(
          'the name of a field of this mapping',
          "The ERP field that holds the CRM's own name of the record, where there is one.",
        ).optional(),
      })
      .meta({ kind: 'a group such as `{ to: erp, entity: res.partner }`', description: 'Where records go.' }),
    schedule: text(
      'a cron expression such as `"*/5 * * * *"`',
      'When the flow runs by itself, as a cron expression. Without it, it runs on request.',
    ).optional(),
    schedule_timezone: text(
      'a time zone such as `Europe/Paris`',
      'The time zone of the schedule; UTC unless given.',
    ).optional(),
    freshness: z
      .string()
      .meta({
        kind: 'a duration such as `30s`, `15m`, `1h` or `2d`',
        description: 'How old a change may become before somebody is told.',
      })
      .optional(),
    only_when: text(
      expression,
      'Only records for which this expression is true are carried; the others are skipped.',
    ).optional(),
    when_it_leaves: oneOf(
      ['keep', 'cancel', 'deactivate', 'delete'],
      `For a record that is in the ERP and no longer meets \`only_when\`. ${leaves}`,
    ).optional(),
    when_deleted: oneOf(
      ['keep', 'cancel', 'deactivate', 'delete'],
      `For a record that was deleted in the source. ${leaves}`,
    ).optional(),
    fields: z
      .record(z.string(), rule)
      .meta({ kind: 'a group of `field: { rule }`', description: 'ERP field, and the rule that fills it.' }),
    lines: z
      .record(z.string(), lines)
      .meta({
        kind: 'a group of `field: { for_each, key, fields }`',
        description: 'ERP field that holds lines, and how they are made.',
      })
      .optional(),
    value_maps: z
      .record(z.string(), valueMap)
      .meta({
        kind: 'a group of `name: { value map }`',
        description: 'Tables that translate values, used by `map`.',
      })
      .optional(),
    write_back: z
      .array(writeBack)
      .meta({
        kind: 'a list of `{ to, field, from }`',
        description: 'What is saved on the source record when it has been written to the ERP.',
      })
      .optional(),
  })
  .meta({ kind: 'a group of keys such as `flow`, `read`, `write` and `fields`' });

export type Declaration = z.output<typeof declaration>;
export type RuleDeclaration = z.output<typeof rule>;
export type LinesDeclaration = z.output<typeof lines>;
export type ValueMapDeclaration = z.output<typeof valueMap>;
export type SourceDeclaration = z.output<typeof branch>;

/** The kinds of source that a rule has exactly one of. */
export const sourceKeys = ['from', 'value', 'template', 'choose', 'expr'] as const;
