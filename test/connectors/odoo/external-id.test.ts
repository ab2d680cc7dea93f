import { assert, oneof, property, string, stringMatching, tuple } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { externalIdName, keyOfName, lineIdName } from '../../../connectors/odoo/external-id.ts';

const key = oneof(string(), string({ unit: 'binary' }), stringMatching(/^[a-z_/>.#:-]{0,12}$/));

describe('the names of external ids', () => {
  it('stay readable', () => {
    expect(externalIdName('crm/deals/123>sale.order')).toBe('crm_2Fdeals_2F123_3Esale_2Eorder');
  });

  it('hold letters, digits and underscores only', () => {
    assert(
      property(key, (text) => {
        expect(externalIdName(text)).toMatch(/^\w*$/);
      }),
    );
  });

  it('differ when the keys differ', () => {
    assert(
      property(key, key, (one, other) => {
        expect(externalIdName(one) === externalIdName(other)).toBe(one === other);
      }),
    );
  });

  it('give the key back, and none for a line or for a name that was made elsewhere', () => {
    assert(
      property(key, (text) => {
        expect(keyOfName(externalIdName(text))).toBe(text);
        expect(keyOfName(lineIdName(text, 'order_line', '1'))).toBeNull();
      }),
    );
    expect(['res_partner_1', 'a_2f', 'a_', 'a.b'].map(keyOfName)).toEqual([null, null, null, null]);
  });

  it.each([
    ['_', '_5F'],
    ['a_2F', 'a/'],
    ['\u00E9', 'e\u0301'],
    ['\uD800', '\uDC00'],
    ['\u0100', '\u0001\u0000'],
  ])('tell %j from %j', (one, other) => {
    expect(externalIdName(one)).not.toBe(externalIdName(other));
  });

  it('of lines differ when record, field or line differ, and are never those of a record', () => {
    const parts = tuple(key, key, key);
    assert(
      property(parts, parts, key, (one, other, record) => {
        const same = one.every((part, index) => part === other[index]);
        expect(lineIdName(...one) === lineIdName(...other)).toBe(same);
        expect(lineIdName(...one)).not.toBe(externalIdName(record));
      }),
    );
  });
});
