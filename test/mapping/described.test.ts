import { describe, expect, it } from 'vitest';
import { type Described, describedText, readDescribed } from '../../src/mapping/described.ts';
import { describedNow, mergeDescribed, undescribed } from '../../src/sync/descriptions.ts';
import { bench, never } from '../connectors/hubspot/bench.ts';
import { openBench } from '../connectors/odoo/bench.ts';
import { mappings } from './shipped-mappings.ts';
import { readFileSync } from 'node:fs';

const text = (name: string) => ({ type: 'text', label: name, required: false, readOnly: false }) as const;
const one: Described = {
  crm: {
    system: 'a',
    source: { deals: { entity: 'deals', fields: { b: text('B'), a: text('A') } } },
    sink: {},
  },
};
const read = (content: string) => readDescribed({ path: 'described.json', text: content });

describe('the file of descriptions', () => {
  it('says again what was written, sorted, with a field on each line', () => {
    const written = describedText(one);
    expect(read(written)).toEqual({ described: one, problems: [] });
    expect(written.indexOf('"a":')).toBeLessThan(written.indexOf('"b":'));
    expect(written.split('\n').filter((line) => line.includes('"label"'))).toHaveLength(2);
  });

  it.each(['{', '[]', '{"crm":{}}', '{"crm":{"system":"a","source":{},"sink":{},"more":1}}'])(
    'is one problem when it is not such a file: %s',
    (content) => {
      expect(read(content)).toMatchObject({
        described: {},
        problems: [{ code: 'described_unreadable', at: { file: 'described.json' } }],
      });
    },
  );

  it('counts only for the system that it describes', () => {
    expect(describedNow(one, { crm: 'a' })).toEqual(one);
    expect(describedNow(one, { crm: 'b' })).toEqual({});
    expect(describedNow(one, {})).toEqual({});
  });

  it('takes in what is described anew, entity by entity, and forgets another system', () => {
    const more: Described = {
      crm: { system: 'a', source: { leads: { entity: 'leads', fields: {} } }, sink: {} },
    };
    expect(Object.keys(mergeDescribed(one, more)['crm']?.source ?? {}).sort()).toEqual(['deals', 'leads']);
    const other: Described = { crm: { system: 'b', source: {}, sink: {} } };
    expect(mergeDescribed(one, other)).toEqual(other);
  });

  it('that is shipped says what the two stand-ins say: run `causeway check --online` when this fails', async () => {
    const { source } = await bench();
    const odoo = await openBench({ seed: 'empty' });
    try {
      const shipped = readDescribed({
        path: 'mappings/described.json',
        text: readFileSync(new URL('../../mappings/described.json', import.meta.url), 'utf8'),
      }).described;
      expect(undescribed(mappings, shipped)).toEqual([]);
      for (const { read: from, write } of mappings) {
        const [crm, erp] = [shipped['crm'], shipped['erp']];
        expect(crm?.source[from.entity]).toEqual(await source.describe(from.entity, never));
        expect(erp?.sink[write.entity]).toEqual(await odoo.sink.describe(write.entity, never));
      }
      expect([shipped['crm']?.system, shipped['erp']?.system]).toEqual([
        'hubspot sandbox northwind',
        'odoo sandbox empty',
      ]);
    } finally {
      await odoo.close();
    }
  });
});
