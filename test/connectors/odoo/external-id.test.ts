import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { externalIdName, lineIdName } from '../../../connectors/odoo/external-id.ts';

const key = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.stringMatching(/^[a-z_/>.#:-]{0,12}$/));

describe('the names of external ids', () => {
  it('stay readable', () => {
    expect(externalIdName('crm/deals/123>sale.order')).toBe('crm_2Fdeals_2F123_3Esale_2Eorder');
  });

  it('hold letters, digits and underscores only', () => {
    fc.assert(fc.property(key, (text) => /^\w*$/.test(externalIdName(text))));
  });

  it('differ when the keys differ', () => {
    fc.assert(
      fc.property(key, key, (one, other) => one === other || externalIdName(one) !== externalIdName(other)),
    );
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
    const parts = fc.tuple(key, key, key);
    fc.assert(
      fc.property(parts, parts, key, (one, other, record) => {
        const same = one.every((part, index) => part === other[index]);
        return (
          (same || lineIdName(...one) !== lineIdName(...other)) &&
          lineIdName(...one) !== externalIdName(record)
        );
      }),
    );
  });
});
