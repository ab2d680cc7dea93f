import { expect, it } from 'vitest';
import { type KeptAnswer, keptAnswers, recordMark } from '../../src/lookup/answers.ts';

const mark = recordMark('erp', 'res.partner', '7');
const answer = (over: Partial<KeptAnswer> = {}): KeptAnswer => ({
  lookup: 'customer-credit',
  text: 'x'.repeat(100),
  asOf: 0,
  freshUntil: 1000,
  staleUntil: 2000,
  marks: [mark],
  renewNotBefore: 0,
  ...over,
});

it('keeps no more answers, and no more bytes, than there is room for', () => {
  const few = keptAnswers({ answers: 2, bytes: 1_000_000 });
  for (const key of ['a', 'b', 'c']) few.keep(key, answer(), 0);
  expect(['a', 'b', 'c'].map((key) => few.get(key) !== undefined)).toEqual([false, true, true]);
  const small = keptAnswers({ answers: 100, bytes: 2000 });
  for (const key of ['a', 'b', 'c']) small.keep(key, answer(), 0);
  expect(['a', 'b', 'c'].map((key) => small.get(key) !== undefined)).toEqual([false, true, true]);
  small.keep('large', answer({ text: 'x'.repeat(5000) }), 0);
  expect(small.get('large')).toBeUndefined();
});

it('drops what tells of a record, also after another answer has taken the place of the first', () => {
  const kept = keptAnswers({ answers: 10, bytes: 1_000_000 });
  kept.keep('a', answer(), 0);
  kept.keep('a', answer({ text: 'newer' }), 0);
  kept.keep('b', answer({ marks: [] }), 0);
  kept.dropMarked([mark]);
  expect([kept.get('a'), kept.get('b')?.text.length]).toEqual([undefined, 100]);
  kept.dropLookup('customer-credit');
  expect(kept.get('b')).toBeUndefined();
});

it('keeps nothing that is past its time already', () => {
  const kept = keptAnswers({ answers: 10, bytes: 1_000_000 });
  kept.keep('a', answer({ freshUntil: 0, staleUntil: 0 }), 0);
  expect(kept.get('a')).toBeUndefined();
});
