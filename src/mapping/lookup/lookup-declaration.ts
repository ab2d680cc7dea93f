import { z } from 'zod';
import { declaration } from '../declaration.ts';
import { replyRule } from '../rule-declaration.ts';
import { oneOf, scalar, text, whole } from '../schema-kind.ts';

/**
 * What a lookup file may say. As with mappings, everything is declared here once: the checks, the editor's JSON schema
 * and the reference page come from it. Rules are those of mappings; what means nothing in a reply is left out of them.
 */
const name = z.string().regex(/^[a-z][a-z0-9_-]{0,47}$/);
/** Questions are variables of expressions. */
const questionName = z.string().regex(/^[a-z][a-z0-9_]{0,47}$/);
const replyName = z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/);

const yes = (description: string) =>
  oneOf(['true', 'false'], description)
    .meta({ kind: 'one of true, false', editor: ['boolean'] })
    .transform((word) => word === 'true');

const duration = (description: string) =>
  z.string().meta({ kind: 'a duration such as `250ms`, `2s`, `15m` or `1h`', description });

/** What a field of a list's records must be. */
const condition = z
  .union([
    scalar('a value', 'The field is this; an empty text in quotes is an empty field.'),
    z.array(scalar('a value', 'The field is one of these.')).min(1),
    z.strictObject({ record: z.string().min(1) }).meta({ kind: 'a question such as `{ record: customer }`' }),
  ])
  .meta({
    kind: 'a value, a list of values, or `{ record: customer }`',
    description:
      'What the field is: a value, one of several, or the record that another question found, as `{ record: customer }`. An empty text in quotes is an empty field.',
  });

const question = z
  .strictObject({
    from: text('the name of a connection', 'The connection that is asked.'),
    entity: text('the name of an entity', 'What is asked for there.'),
    by_link: text(
      'the name of a flow',
      'Finds one record: the key that a caller gives is the id of the CRM record, and the link of this flow leads to the record of the ERP.',
    ).optional(),
    by_id: yes("Finds one record: the key that a caller gives is the system's own id.").optional(),
    by_field: text(
      'the name of a field',
      'Finds one record: the key that a caller gives is the value of this field, such as a customer number.',
    ).optional(),
    may_be_missing: yes('Whether the lookup goes on when the record is not found.').optional(),
    with: z
      .array(z.string().min(1))
      .meta({
        kind: 'a list of names',
        description: 'Related records to nest into the record, for a connection that records are read from.',
      })
      .optional(),
    where: z
      .record(z.string(), condition)
      .meta({
        kind: 'a group of `field: value`',
        description:
          'Finds a list of records: what each of these fields is. In Odoo, `location_id.usage` looks through a reference.',
      })
      .optional(),
    order_by: text(
      'the name of a field, or `-` and the name',
      'The order of a list: by this field, or with `-` before it from the last to the first.',
    ).optional(),
    at_most: whole(1, 200, 'How many records of a list are read at most; 50 unless given.').optional(),
    may_be_absent: yes(
      'Whether the lookup goes on without the list where the system has no such entity, or does not show it to the user of the connection: an app that is not installed.',
    ).optional(),
    optional: z
      .array(z.string().min(1))
      .min(1)
      .meta({
        kind: 'a list of names of fields',
        description:
          'Fields that not every system has. One that is missing is empty, and nothing is refused.',
      })
      .optional(),
  })
  .meta({
    id: 'question',
    kind: 'a group such as `{ from: erp, entity: res.partner, by_link: accounts }`',
    description: 'One thing that is asked of one system.',
  });

const lines = z
  .strictObject({
    for_each: text('the name of a question that finds a list', 'The list that makes the lines.'),
    group_by: text(
      'the path of a field of the record',
      'Makes one line of all records that have the same here. Rules read the first of them, and all of them as `rows`: `rows.map(r, r.quantity).sum()`.',
    ).optional(),
    fields: z.record(replyName.meta({ kind: 'a name in letters, digits and `_`' }), replyRule).meta({
      kind: 'a group of `name: { rule }`',
      description: 'Name in the reply, and the rule that fills it.',
    }),
  })
  .meta({
    id: 'reply_lines',
    kind: 'a group with `for_each` and `fields`',
    description: 'How the lines under this name of the reply are made.',
  });

export const lookupDeclaration = z
  .strictObject({
    lookup: name.meta({
      kind: 'a name in small letters, digits, `-` and `_`',
      description: 'The name of the lookup, by which callers ask for it.',
    }),
    about: text('a sentence', 'What the lookup tells, in a sentence.').optional(),
    ask: z.record(questionName.meta({ kind: 'a name in small letters, digits and `_`' }), question).meta({
      kind: 'a group of `name: { from, entity, … }`',
      description:
        'What is asked, each under a name by which the rules read the answer. A question finds one record (`by_link`, `by_id` or `by_field`) or a list (`where`).',
    }),
    take: oneOf(
      ['all', 'first'],
      'Whether all questions are asked at once and their answers merged (the default), or one after the other until one finds its record.',
      {
        all: 'All are asked at once (the default).',
        first: 'One after the other, until one finds its record.',
      },
    ).optional(),
    deadline: duration(
      'The longest that a caller waits, from 50ms to 60s; 2s unless given. A caller may ask for less.',
    ).optional(),
    ttl: duration(
      'How long an answer is given again without asking. Without it, the systems are asked each time.',
    ).optional(),
    refresh_ahead: duration(
      "An answer that is asked for so shortly before the end of its `ttl` is renewed behind the caller's back.",
    ).optional(),
    stale_for: duration(
      'How long after the end of its `ttl` an answer may be given where the systems do not answer.',
    ).optional(),
    fallback: z
      .array(
        oneOf(['stale', 'mirror'], 'What is answered when the systems do not answer.', {
          stale: 'The last answer, as long as `stale_for` allows.',
          mirror: 'What Causeway last sent for the record that the link leads to.',
        }),
      )
      .meta({
        kind: 'a list of `stale` and `mirror`',
        description:
          'What is answered when the systems do not, in this order. Unless given, it is `[stale]` where there is a `stale_for`, and an honest refusal elsewhere.',
      })
      .optional(),
    fields: z.record(replyName.meta({ kind: 'a name in letters, digits and `_`' }), replyRule).meta({
      kind: 'a group of `name: { rule }`',
      description:
        'Name in the reply, and the rule that fills it. Paths begin with the name of a question: `customer.ref`. An empty value is null in the reply.',
    }),
    lines: z
      .record(replyName.meta({ kind: 'a name in letters, digits and `_`' }), lines)
      .meta({
        kind: 'a group of `name: { for_each, fields }`',
        description: 'Name of a list in the reply, and how its lines are made.',
      })
      .optional(),
    value_maps: declaration.shape.value_maps,
  })
  .meta({ kind: 'a group of keys such as `lookup`, `ask` and `fields`' });

export type LookupDeclaration = z.output<typeof lookupDeclaration>;
export type QuestionDeclaration = LookupDeclaration['ask'][string];
export type ReplyLinesDeclaration = NonNullable<LookupDeclaration['lines']>[string];

/** Keys that a rule of a mapping has and that of a lookup has not, and why. */
export const notInReplies: { readonly [key: string]: string } = {
  reference: 'a reply refers to no flow; ask for the other record with a question of its own',
  if_missing: 'a reply refers to no flow',
  write_on: 'a lookup writes nothing',
  when_empty: 'an empty value is null in a reply',
  key: 'lines of a reply need no key; `group_by` makes one line of several records',
  removed_lines: 'a lookup writes nothing',
  read: 'a lookup says what it asks under `ask`',
  write: 'a lookup writes nothing',
};

/** How a question finds: exactly one of these. */
export const findKeys = ['by_link', 'by_id', 'by_field', 'where'] as const;
