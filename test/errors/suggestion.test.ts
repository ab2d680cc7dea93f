import { describe, expect, it } from 'vitest';
import { didYouMean, didYouMeanField } from '../../src/errors/suggestion.ts';

describe('a suggestion', () => {
  it.each([
    ['form', ['from', 'value'], '; did you mean `from`?'],
    ['citty', ['city', 'name'], '; did you mean `city`?'],
    ['nothing_like_it', ['city', 'name'], ''],
    ['id', ['name'], ''],
  ])('for %s among %j is %j', (written, known, said) => {
    expect(didYouMean(written, known)).toBe(said);
  });

  it.each([
    ['x_warranty', ['x_name', 'x_under_warranty'], '; did you mean `x_under_warranty`?'],
    ['citty', ['city', 'name'], '; did you mean `city`?'],
    ['x_colour', ['x_name', 'name'], ''],
  ])('for the field %s among %j is %j', (written, known, said) => {
    expect(didYouMeanField(written, known)).toBe(said);
  });

  it('is none when many names share the word', () => {
    expect(
      didYouMeanField(
        'erp_account',
        ['a_account', 'b_account', 'c_account', 'd_account'].map((n) => `x_longer_${n}`),
      ),
    ).toBe('');
  });
});
