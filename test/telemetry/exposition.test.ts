import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exposition } from '../../src/telemetry/exposition.ts';
import { readExposition } from './read-exposition.ts';

describe('exposition', () => {
  it('writes what Prometheus reads', () => {
    const page = exposition([
      {
        name: 'causeway_records_total',
        help: 'What was done.',
        type: 'counter',
        samples: [{ labels: { flow: 'accounts', outcome: 'created' }, value: 3 }],
      },
      { name: 'causeway_database_up', help: 'Up.', type: 'gauge', samples: [{ value: 1 }] },
      { name: 'causeway_nothing', help: 'Nothing.', type: 'gauge', samples: [] },
    ]);
    expect(page).toBe(
      [
        '# HELP causeway_records_total What was done.',
        '# TYPE causeway_records_total counter',
        'causeway_records_total{flow="accounts",outcome="created"} 3',
        '# HELP causeway_database_up Up.',
        '# TYPE causeway_database_up gauge',
        'causeway_database_up 1',
        '',
      ].join('\n'),
    );
  });

  it('keeps any text of a label and of a help, and any number', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.string({ minLength: 1 }).filter((text) => text.trim() === text && text !== ''),
        fc.double(),
        (text, help, value) => {
          const samples = [{ labels: { subject: text, flow: 'a,b="c"\\' }, value }];
          const family = readExposition(exposition([{ name: 'x', help, type: 'gauge', samples }])).get('x');
          expect(family?.help).toBe(help);
          expect(family?.samples[0]?.labels).toEqual({ subject: text, flow: 'a,b="c"\\' });
          expect(family?.samples[0]?.value).toEqual(value === 0 ? family?.samples[0]?.value : value);
        },
      ),
    );
  });
});
