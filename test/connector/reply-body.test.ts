import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readBody } from '../../src/connector/reply-body.ts';

describe('readBody', () => {
  it('keeps every number that a float would change as the text the vendor wrote', () => {
    const text =
      '{"price":12.50,"id":12345678901234567890,"big":100000000000000000000,"exp":1e3,"zero":-0,"count":7,"list":[0.1]}';
    expect(readBody(text).body).toEqual({
      price: '12.50',
      id: '12345678901234567890',
      big: '100000000000000000000',
      exp: '1e3',
      zero: '-0',
      count: 7,
      list: ['0.1'],
    });
  });

  it('changes nothing else', () => {
    fc.assert(
      fc.property(
        fc.jsonValue().filter((value) => !JSON.stringify(value).match(/[\d]/u)),
        (value) => {
          expect(readBody(JSON.stringify(value))).toEqual({ body: value, text: null });
        },
      ),
    );
  });

  it('hands over a body that is not JSON as text, cut to 2,000 characters', () => {
    expect(readBody('<html>')).toEqual({ body: null, text: '<html>' });
    expect(readBody('x'.repeat(5000)).text).toHaveLength(2000);
    expect(readBody('')).toEqual({ body: null, text: '' });
  });

  it('does not let a body reach the prototype of its object', () => {
    const { body } = readBody('{"__proto__":{"admin":1.5}}');
    expect(Object.getPrototypeOf(body)).toBe(Object.prototype);
  });
});
