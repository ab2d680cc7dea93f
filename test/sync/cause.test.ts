import { describe, expect, it } from 'vitest';
import { causeOf, type Failure } from '../../src/sync/cause.ts';

const failure = (message: string, over: Partial<Failure> = {}): Failure => ({
  flow: 'accounts',
  sourceId: '1042',
  targetId: null,
  code: 'refused',
  reason: message,
  fields: [{ field: 'name', message }],
  payload: null,
  ...over,
});

const cause = (message: string, over?: Partial<Failure>): string => causeOf(failure(message, over)).cause;

describe('the cause of a dead letter', () => {
  it.each([
    ['"Atlantis" is no country', '"…" is no country'],
    ['“Atlantis” is no country', '"…" is no country'],
    ["Invalid value 'de_XX' for lang", "Invalid value '…' for lang"],
    ["The field can't be empty, and isn't", "The field can't be empty, and isn't"],
    ['res.partner(17, 18) is locked since 2026-01-31 09:30:00', 'res.partner(…) is locked since …'],
    ['order SO-2026/0042 of 1.250,00 EUR', 'order … of … EUR'],
    ['record 6f1c2d3e-aaaa-bbbb-cccc-0123456789ab', 'record …'],
    ['mail to ana@example.com failed', 'mail to … failed'],
    ['`city` is empty, and the field must have a value', '`city` is empty, and the field must have a value'],
    ['two\n  lines', 'two lines'],
  ])('leaves what is one record’s own out of: %s', (message, expected) => {
    expect(cause(message)).toBe(expected);
  });

  it('leaves out the value that was sent in the field at fault, quoted or not', () => {
    const payload = { fields: { name: 'Alfreds Futterkiste' }, lines: {} };
    expect(cause('Alfreds Futterkiste is not allowed', { payload })).toBe('… is not allowed');
  });

  it('has one name for all records of a flow, whatever their values are', () => {
    const one = causeOf(failure('"A" is no country'));
    const two = causeOf(failure('"B" is no country', { sourceId: '7', targetId: '9' }));
    expect(one.group).toBe(two.group);
    expect(one.group).toMatch(/^[0-9a-f]{8}$/);
  });

  it('has another name for another flow, code, field or message', () => {
    const groups = [
      failure('no'),
      failure('no', { flow: 'orders' }),
      failure('no', { code: 'other' }),
      failure('no', { fields: [{ field: 'city', message: 'no' }] }),
      failure('never'),
    ].map((one) => causeOf(one).group);
    expect(new Set(groups).size).toBe(5);
  });

  it('has the same name tomorrow and elsewhere: people keep it in tickets', () => {
    expect(causeOf(failure('"Atlantis" is no country')).group).toBe('bfa3944b');
  });
});
