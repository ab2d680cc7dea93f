import { z } from 'zod';
import { kinds } from './convert/convert.ts';
import { roundings } from './convert/decimal.ts';
import { oneOf, scalar, text, whole } from './schema-kind.ts';

const path = 'the path of a source field, such as `company.id`';
export const expression = 'an expression, such as `amount > 0`';

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
    'A text with fields in braces. Where a field is empty, the space beside it goes with it, other characters stay; when all fields are empty, so is the whole. `{{` stands for a brace.',
  ).optional(),
  expr: text(expression, 'A CEL expression over the record.').optional(),
};

const source = z.strictObject(sources).meta({ kind: 'a source such as `{ value: consu }`' });

export const branch = z
  .strictObject({
    when: text(expression, 'The branch is taken when this expression is true.').optional(),
    ...sources,
  })
  .meta({ id: 'branch', kind: 'a branch such as `{ when: price == "0", value: gift }`' });

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
    {
      wait: 'This record waits until it is there (the default).',
      reject: 'This record is rejected.',
      null: 'This record goes without.',
    },
  ).optional(),
  map: text('the name of a value map', 'The value map that translates the value.').optional(),
  default: scalar(
    'a fixed value',
    'The value when there is none; it is converted like any other.',
  ).optional(),
  as: oneOf(
    kinds,
    'What the value is converted to. Without it, it goes as it comes. Decimals stay text; dates without a time pass no time zone; a country becomes its two-letter code, a currency its three-letter code (from either, or from the English name), a phone number E.164, such as `+4930123456`. Of an email address the domain becomes small; a web address is `http` or `https`, and one without either gets `https://`. Spaces around a value go, except with `text`.',
    {
      text: 'The text as it stands, with the spaces around it.',
      integer: 'A whole number, without needless zeros.',
      decimal: 'A decimal number, digit by digit: 1234.50. Without a scale every digit is kept.',
      boolean: 'true or false, of true, yes, 1, false, no and 0.',
      date: 'A date: 2026-01-31.',
      datetime: 'An instant in UTC: 2026-01-31T09:30:00Z.',
      country: 'The two-letter code of a country, from a code or a name.',
      currency: 'The three-letter code of a currency, from a code or the English name.',
      phone: 'A phone number with its country: +4930123456.',
      email: 'An email address.',
      url: 'A web address that begins with http or https.',
    },
  ).optional(),
  scale: whole(
    0,
    20,
    'Decimals after the point, for `as: decimal`. Without it every digit is kept.',
  ).optional(),
  rounding: oneOf(
    Object.keys(roundings) as [keyof typeof roundings, ...(keyof typeof roundings)[]],
    'How `scale` rounds. Ties go to the even digit (the default), away from zero, or towards zero; `up` and `down` always go away from zero, or towards it.',
    {
      half_even: 'To the nearest; 0.5 goes to the even digit (the default).',
      half_up: 'To the nearest; 0.5 goes away from zero.',
      half_down: 'To the nearest; 0.5 goes towards zero.',
      up: 'Always away from zero.',
      down: 'Always towards zero.',
    },
  ).optional(),
  timezone: text(
    'a time zone such as `Europe/Paris`',
    'For `as: date`: where the day of an instant is read off (UTC unless given). For `as: datetime`: where a date without a time begins.',
  ).optional(),
  country: text(
    'a country code such as `DE`, or the path of a source field',
    'For `as: phone`: the country of a number that is written without `+`. Two capitals are a code; anything else is the path of the field that holds the country, as a code or a name.',
  ).optional(),
  max: whole(1, 100_000, 'The longest text that the field holds, in characters.').optional(),
  too_long: oneOf(
    ['error', 'cut'],
    'What happens to a longer text: the record is rejected (the default), or the text is cut.',
    {
      error: 'The record is rejected (the default).',
      cut: 'The text is cut, and a space at its new end goes.',
    },
  ).optional(),
  when_empty: oneOf(
    ['keep', 'clear'],
    'What an empty value does: the ERP keeps its own (the default), or the field is cleared.',
    {
      keep: 'The ERP keeps its own value (the default).',
      clear: 'The field of the ERP is cleared.',
    },
  ).optional(),
  required: oneOf(['true', 'false'], 'A record without a value is rejected.')
    .meta({ kind: 'one of true, false', editor: ['boolean'] })
    .transform((word) => word === 'true')
    .optional(),
};

const ruleMeta = { kind: 'a rule such as `{ from: name }`', description: 'How this ERP field is filled.' };

export const lineRule = z.strictObject(ruleShape).meta({ id: 'line_rule', ...ruleMeta });

/** A rule of a lookup: what refers to flows or says when something is written means nothing there. */
const { reference: _reference, if_missing: _ifMissing, when_empty: _whenEmpty, ...replyShape } = ruleShape;
export const replyRule = z
  .strictObject(replyShape)
  .meta({ id: 'reply_rule', ...ruleMeta, description: 'How this value of the reply is made.' });

export const rule = z
  .strictObject({
    ...ruleShape,
    write_on: oneOf(
      ['always', 'create', 'update'],
      'Written every time (the default), only when the record is created, or only when it is updated. A field for updates alone is not sent right after the record was created, but with its next change.',
      {
        always: 'Written every time (the default).',
        create: 'Written only when the record is created.',
        update: 'Written only when the record is updated.',
      },
    ).optional(),
  })
  .meta({ id: 'rule', ...ruleMeta });
