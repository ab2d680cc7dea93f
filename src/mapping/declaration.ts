import { z } from 'zod';
import { type branch, expression, lineRule, rule } from './rule-declaration.ts';
import { oneOf, scalar, text, whole } from './schema-kind.ts';

/**
 * What a mapping file may say. Everything is declared here and with the rules once: the checks, the editor's JSON
 * schema and the reference page all come from it.
 */
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
      { keep: 'The line stays (the default).', delete: 'The line is deleted.' },
    ).optional(),
    fields: z.record(z.string(), lineRule).meta({
      kind: 'a group of `field: { rule }`',
      description: 'ERP field of the line, and the rule that fills it.',
    }),
  })
  .meta({
    id: 'lines',
    kind: 'a group with `for_each`, `key` and `fields`',
    description: 'How the lines of this ERP field are made.',
  });

/** `file`, `values` and `unknown` have a meaning of their own; in the short form all others are values. */
const valueMap = z
  .object({
    file: text(
      'the path of a CSV file',
      'A CSV file beside the mapping, with the columns `from` and `to`.',
    ).optional(),
    values: z
      .record(z.string(), scalar('a fixed value', 'What the ERP is told for this value.'))
      .meta({
        kind: 'a group of `source value: ERP value`',
        description: 'The values, where `unknown` is needed as well.',
      })
      .optional(),
    unknown: oneOf(
      ['reject', 'keep', 'default'],
      "What happens to a value that is not in the map: the record is rejected (the default), the value stays, or the rule's `default` is taken.",
      {
        reject: 'The record is rejected (the default).',
        keep: 'The value stays as it is.',
        default: 'The default of the rule is taken.',
      },
    ).optional(),
  })
  .catchall(scalar('a fixed value', 'What the ERP is told for this value.'))
  .meta({
    kind: 'a group of `source value: ERP value`, or `{ file: values/name.csv }`',
    description: 'A table that translates values: `source value: ERP value`.',
  });

const writeBack = z
  .strictObject({
    to: text('the name of a connection', 'The connection that the record was read from.'),
    field: text('the name of a source field', 'The source field to write.'),
    from: text('the name of an ERP field, or `id`', 'The ERP field that holds the value, or `id`.'),
  })
  .meta({ id: 'write_back', kind: 'a line such as `{ to: crm, field: erp_number, from: name }`' });

const name = z.string().regex(/^[a-z][a-z0-9_-]{0,47}$/);
const nameKind = 'a name in small letters, digits, `-` and `_`';
const connection = 'the name of a connection';
const entity = 'the name of an entity';
const key = text(
  'the name of a field of this mapping',
  "The ERP field that holds the CRM's own name of the record, where there is one.",
).optional();
const leaves =
  'The record of the ERP stays as it is (the default), is cancelled, is deactivated, or is deleted. Not every kind of record can be cancelled or deactivated; one that cannot becomes a dead letter.';
const leaving = {
  keep: 'The record of the ERP stays as it is (the default).',
  cancel: 'The record of the ERP is cancelled.',
  deactivate: 'The record of the ERP is deactivated.',
  delete: 'The record of the ERP is deleted.',
};

/** How many at once are too many, by both measures. */
const measures = (what: string) =>
  z
    .strictObject({
      count: whole(0, 999_999, 'More than so many at once wait for a person.').optional(),
      percent: whole(
        0,
        100,
        'More than this share of the linked records at once waits for a person, where it is more than 20 records. 100 never does.',
      ).optional(),
    })
    .meta({ kind: 'a group such as `{ count: 50, percent: 10 }`', description: what });

/** What each flow says for itself: that of the file, and those under `also`. */
const own = {
  about: text('a sentence', 'What the flow is for, in a sentence.').optional(),
  only_when: text(
    expression,
    'Only records for which this expression is true are carried; the others are skipped.',
  ).optional(),
  when_it_leaves: oneOf(
    ['keep', 'cancel', 'deactivate', 'delete'],
    `For a record that is in the ERP and no longer meets \`only_when\`. ${leaves}`,
    leaving,
  ).optional(),
  when_deleted: oneOf(
    ['keep', 'cancel', 'deactivate', 'delete'],
    `For a record that was deleted in the source. ${leaves}`,
    leaving,
  ).optional(),
  ceiling: z
    .strictObject({
      removals: measures(
        'For records that were deleted or no longer meet `only_when`. Unless given, `count` is 500 and `percent` is 10.',
      ).optional(),
      changes: measures(
        'For records in the ERP that changed in the source. Without it, changes are not counted and wait for nobody; with it, they are sent a second later, and only when the source has been read.',
      ).optional(),
    })
    .meta({
      kind: 'a group such as `{ removals: { count: 50, percent: 10 } }`',
      description:
        'How many records at once are too many to go on unasked, within an hour. None of them is sent then: the run says so, and `causeway approve` lets them go ahead.',
    })
    .optional(),
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
  write_back: z
    .array(writeBack)
    .meta({
      kind: 'a list of `{ to, field, from }`',
      description: 'What is saved on the source record when it has been written to the ERP.',
    })
    .optional(),
};

const part = z
  .strictObject({
    write: z
      .strictObject({
        to: text(connection, 'The connection to write to, which is that of the file.').optional(),
        entity: text(entity, 'What is written there: any model of the ERP that the connection may write.'),
        key,
      })
      .meta({
        kind: 'a group such as `{ entity: res.partner }`',
        description: 'Where these records go: an entity of the same connection.',
      }),
    ...own,
  })
  .meta({
    kind: 'a group with `write` and `fields`',
    description: 'Another record of the ERP that the same source record makes.',
  });

export const declaration = z
  .strictObject({
    flow: name.meta({
      kind: nameKind,
      description: 'The name of the flow, by which commands and references call it.',
    }),
    about: own.about,
    read: z
      .strictObject({
        from: text(connection, 'The connection to read from.'),
        entity: text(
          entity,
          'What is read there: `companies`, `deals`, a custom object. The README of the connector lists the names.',
        ),
        with: z
          .array(z.string().min(1))
          .meta({
            kind: 'a list of names',
            description:
              'Related records to nest into each record, such as `company`. The README of the connector lists which entity can be read with which.',
          })
          .optional(),
      })
      .meta({
        kind: 'a group such as `{ from: crm, entity: companies }`',
        description: 'Where records come from.',
      }),
    write: z
      .strictObject({
        to: text(connection, 'The connection to write to.'),
        entity: text(entity, 'What is written there: any model of the ERP that the connection may write.'),
        key,
      })
      .meta({ kind: 'a group such as `{ to: erp, entity: res.partner }`', description: 'Where records go.' }),
    schedule: text(
      'a cron expression such as `"*/5 * * * *"`, or `continuous`',
      'When the flow runs by itself, as a cron expression. With `continuous` it runs as soon as something is queued for it, and its source is read every 30 seconds, or at once where the CRM sends webhooks. Without it, it runs on request.',
    ).optional(),
    schedule_timezone: text(
      'a time zone such as `Europe/Paris`',
      'The time zone of a cron expression; UTC unless given.',
    ).optional(),
    freshness: z
      .string()
      .meta({
        kind: 'a duration such as `30s`, `15m`, `1h` or `2d`',
        description: 'How old a change may become before somebody is told.',
      })
      .optional(),
    full_scan: z
      .string()
      .meta({
        kind: 'a duration such as `12h` or `1d`',
        description:
          'How often all ids of the source are listed, as part of a run, to find records that were deleted without a trace. Without it, only `causeway sweep` does so.',
      })
      .optional(),
    only_when: own.only_when,
    when_it_leaves: own.when_it_leaves,
    when_deleted: own.when_deleted,
    ceiling: own.ceiling,
    fields: own.fields,
    lines: own.lines,
    value_maps: z
      .record(z.string(), valueMap)
      .meta({
        kind: 'a group of `name: { value map }`',
        description: 'Tables that translate values, used by `map`.',
      })
      .optional(),
    write_back: own.write_back,
    also: z
      .record(name.meta({ kind: nameKind }), part)
      .meta({
        kind: 'a group of `name: { write, fields }`',
        description: 'More records of the ERP that the same source record makes, each under a name.',
      })
      .optional(),
  })
  .meta({ kind: 'a group of keys such as `flow`, `read`, `write` and `fields`' });

export type Declaration = z.output<typeof declaration>;
export type RuleDeclaration = z.output<typeof rule>;
export type LinesDeclaration = z.output<typeof lines>;
export type PartDeclaration = z.output<typeof part>;
export type ValueMapDeclaration = z.output<typeof valueMap>;
export type SourceDeclaration = z.output<typeof branch>;

/** The kinds of source that a rule has exactly one of. */
export const sourceKeys = ['from', 'value', 'template', 'choose', 'expr'] as const;
