import { z } from 'zod';
import { caseGiven, code, list } from '../case/case-declaration.ts';
import { text } from '../schema-kind.ts';

/** What a test file of a lookup may say: see `case-declaration.ts`. */
const reply = (description: string) =>
  z
    .record(z.string(), z.unknown())
    .meta({ kind: 'a group of `name: value`, lists as lists of groups', description });

const lookupCase = z
  .strictObject({
    name: text('a sentence', 'What the case shows, in a sentence.'),
    answers: z.record(z.string(), z.unknown()).meta({
      kind: 'a group of `question: { fields }`, or of `question: [{ fields }]`',
      description:
        'What the systems answer, by question: a group of fields, a list of groups, or `null` for what is not there.',
    }),
    more: list(
      z.string().min(1),
      'a list of names of questions',
      'Lists of which the system has more than were read.',
    ).optional(),
    given: caseGiven
      .pick({ value_maps: true, now: true })
      .meta({
        kind: 'a group with `value_maps` and `now`',
        description: 'What the lookup knows beside the answers.',
      })
      .optional(),
    expect: reply('The whole reply.').optional(),
    expect_some: reply('These are among the reply.').optional(),
    cut: list(
      z.string().min(1),
      'a list of names of the reply',
      'What of the reply is said to be made of a part of its list alone. Without it, nothing is.',
    ).optional(),
    rejected: list(
      code,
      'a list of codes such as `[value_missing]`',
      'There is no reply, and these are all the codes of its problems.',
    ).optional(),
  })
  .meta({ kind: 'a case with `name`, `answers` and what is expected' });

export const lookupCaseFile = z
  .strictObject({
    cases: z.array(lookupCase).min(1).meta({
      kind: 'a list of cases',
      description: 'The cases: answers of the systems go in, and a case says what the reply is.',
    }),
  })
  .meta({ kind: 'a group with `cases`' });

export type LookupCaseDeclaration = z.output<typeof lookupCase>;

/** How a case may end. It says just one of these. */
export const lookupEndings = ['expect', 'expect_some', 'rejected'] as const;
