import { z } from 'zod';
import { instantOf, parseMoment } from '../convert/instant.ts';
import { text } from '../schema-kind.ts';

/**
 * What a test file may say. Everything is declared here once: the checks and the editor's JSON schema come from it.
 * Values of records and of expected fields are left as they were read.
 */
const fields = (description: string) =>
  z.record(z.string(), z.unknown()).meta({ kind: 'a group of `field: value`', description });

const output = (description: string) =>
  z
    .strictObject({
      fields: fields('ERP field, and the value that is written to it; `null` clears the field.').optional(),
      lines: z
        .record(
          z.string(),
          z.record(z.string(), fields('ERP field of the line, and its value.')).meta({
            kind: 'a group of `key of the line: { fields }`',
            description: 'Key of the line in the source, and the fields of the line.',
          }),
        )
        .meta({
          kind: 'a group of `field: { lines by key }`',
          description: 'ERP field that holds lines, and the lines by their keys.',
        })
        .optional(),
    })
    .meta({ kind: 'a group with `fields` and `lines`', description });

/** One of the codes with which a record is rejected, as far as the shape of a file goes: any text. */
export const code = z.string().min(1);

export const list = (item: typeof code, kind: string, description: string) =>
  z.array(item).min(1).meta({ kind, description });

/** A reader of ours gives texts and booleans; an editor finds numbers, too. */
const fixedValue = z.union([z.string(), z.boolean(), z.number()]).meta({ kind: 'a fixed value' });

/** What cases of mappings and of lookups give. */
export const caseGiven = z
  .strictObject({
    references: z
      .record(
        z.string(),
        z
          .record(
            z.string(),
            z
              .string()
              .min(1)
              .meta({ kind: 'an ERP id', editor: ['integer'] }),
          )
          .meta({ kind: 'a group of `source id: ERP id`', description: 'Source id, and the id in the ERP.' }),
      )
      .meta({
        kind: 'a group of `flow: { source id: ERP id }`',
        description:
          'The records that are in the ERP already, by the flow that carried them. A record that is not named here is not there yet.',
      })
      .optional(),
    value_maps: z
      .record(
        z.string(),
        z.record(z.string(), fixedValue.transform(String)).meta({
          kind: 'a group of `source value: ERP value`',
          description: 'Source value, and ERP value.',
        }),
      )
      .meta({
        kind: 'a group of `value map: { source value: ERP value }`',
        description:
          'Value maps by name, with the entries that take the place of all those that the mapping has. What `unknown` says stays.',
      })
      .optional(),
    now: z
      .string()
      .refine((written) => parseMoment(written)?.kind === 'instant')
      .meta({
        kind: 'an instant such as `2026-01-31T09:30:00Z`',
        description: 'The instant at which the record is mapped; 2026-01-31T09:30:00Z unless given.',
      })
      .transform((written) => {
        const moment = parseMoment(written);
        return (moment && instantOf(moment, 'UTC')) ?? written;
      })
      .optional(),
  })
  .meta({
    kind: 'a group with `references`, `value_maps` and `now`',
    description: 'What the mapping knows beside the record. There is nothing else that it could look up.',
  });

const caseDeclaration = z
  .strictObject({
    name: text('a sentence', 'What the case shows, in a sentence.'),
    flow: text(
      'the name of a flow of this mapping file',
      'The flow that the case is of, such as `accounts.delivery`, where the mapping file has others under `also`. Without it, the case is of the flow of the file.',
    ).optional(),
    record: z.record(z.string(), z.unknown()).meta({
      kind: 'a group of `source field: value`',
      description:
        'The record as the source gives it: texts, true, false, null, groups and lists. A number is read as the text that stands there.',
    }),
    given: caseGiven.optional(),
    expect: output('The record is written with just these fields and lines, and no others.').optional(),
    expect_some: output('The record is written, and these fields and lines are among it.').optional(),
    skipped: text(
      'the code or the reason',
      'The record is not carried. The code `only_when`, or the whole reason.',
    ).optional(),
    waiting: list(
      z.string().min(1),
      'a list such as `[accounts/5]`',
      'The record waits for just these records, each written `flow/source id`.',
    ).optional(),
    rejected: list(
      code,
      'a list of codes such as `[value_missing]`',
      'The record is rejected, and these are all the codes of its problems.',
    ).optional(),
  })
  .meta({ kind: 'a case with `name`, `record` and what is expected' });

export const caseFile = z
  .strictObject({
    cases: z.array(caseDeclaration).min(1).meta({
      kind: 'a list of cases',
      description: 'The cases: a record goes in, and a case says how it ends.',
    }),
  })
  .meta({ kind: 'a group with `cases`' });

export type CaseDeclaration = z.output<typeof caseDeclaration>;

/** How a case may end. It says just one of these. */
export const endings = ['expect', 'expect_some', 'skipped', 'waiting', 'rejected'] as const;
