import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SourceRecord, Value } from '../../src/connector/value.ts';
import { kinds } from '../../src/mapping/convert/convert.ts';
import { explainMapping } from '../../src/mapping/explain.ts';
import type { Ending, Given } from '../../src/mapping/mapping.ts';
import { aMapping } from './a-mapping.ts';

const mapping = aMapping(
  `only_when: stage != "lost"
fields:
  text: { from: [a, b.c], max: 5, too_long: cut }
  number: { from: n, as: decimal, scale: 2, rounding: half_up, default: '0' }
  whole: { from: n, as: integer }
  day: { from: t, as: date, timezone: Europe/Paris }
  instant: { from: t, as: datetime, timezone: Europe/Paris }
  country: { from: a, as: country }
  flag: { from: flag, as: boolean, when_empty: clear }
  named: { template: 'x {a} {b.c}' }
  picked: { choose: [{ when: n > 0, from: a }, { when: 'has(b.c)', value: v }], else: { expr: 'b.c + a' } }
  sum: { expr: 'decimal(n) * 3 - decimal(n)', as: decimal, scale: 4 }
  link: { reference: accounts, from: b.c }
  coded: { from: a, map: m }
lines:
  l: { for_each: items, key: id, removed_lines: delete, fields: { a: { from: a, as: decimal }, up: { from: ..a }, e: { expr: 'decimal(a) + 1' } } }
value_maps: { m: { values: { x: y }, unknown: keep } }
`,
);

const texts = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    'x',
    '0',
    '-1.5',
    '1,5',
    '1e5',
    'Germany',
    'true',
    'lost',
    'won',
    '2026-02-28',
    '2026-02-30',
    '2026-03-31T22:30:00Z',
    '1774942200000',
    '5',
  ),
  fc.string({ unit: 'binary', maxLength: 12 }),
);
const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    texts,
    fc.constant(null),
    fc.boolean(),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('id', 'a', 'c', '__proto__', 'constructor'), tie('value'), { maxKeys: 3 }),
  ),
}));
const fields = fc.constantFrom('id', 'a', 'b', 'n', 't', 'flag', 'stage', 'items', 'constructor');
const wild: fc.Arbitrary<SourceRecord> = fc.dictionary(fields, value, { maxKeys: 9 });
const sensible: fc.Arbitrary<SourceRecord> = fc.record(
  {
    a: fc.constantFrom('Germany', 'FR', null, ''),
    b: fc.record({ c: fc.constantFrom('5', '6', null) }),
    n: fc.integer().map(String),
    t: fc.constantFrom('2026-02-28', '2026-03-31T22:30:00Z', null),
    flag: fc.boolean(),
    stage: fc.constantFrom('won', 'lost'),
  },
  { requiredKeys: ['n', 'a'] },
);
const record = fc.oneof(wild, sensible);
const given: Given = {
  linked: ({ id }) => (id === '5' ? '42' : null),
  now: '2026-01-31T09:30:00Z',
};

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) frozen(part);
  }
  return value;
}

/** No number, no Infinity in disguise, nothing undefined. */
function isValue(value: unknown): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  return typeof value === 'object' && Object.values(value).every(isValue);
}

/** What an ending says that no ending may say. */
function complaintsAbout(ending: Ending, any: SourceRecord): unknown[] {
  switch (ending.kind) {
    case 'record':
      return [
        ending.fields,
        ...Object.values(ending.lines).map(({ rows }) => rows.map((row) => row.fields)),
      ].filter((part) => !isValue(part));
    case 'rejected':
      return ending.problems.length === 0
        ? ['no problem']
        : ending.problems.filter(({ message }) => /undefined|\[object|it cannot be said/.test(message));
    case 'waiting': {
      const asked = new Set(mapping.references(any).map(({ flow, id }) => `${flow}/${id}`));
      return ending.for.filter(({ flow, id }) => !asked.has(`${flow}/${id}`));
    }
    default:
      return ending.code === 'only_when' ? [] : [ending.code];
  }
}

describe('a mapping, whatever the record', () => {
  it('ends in one of four ways, without touching the record, and says why when it does not write', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(record, (any) => {
        const before = JSON.stringify(any);
        const ending = mapping.run(frozen(any), given);
        seen.add(ending.kind);
        expect(JSON.stringify(any)).toBe(before);
        expect(complaintsAbout(ending, any)).toEqual([]);
      }),
      { numRuns: 3000 },
    );
    expect([...seen].sort()).toEqual(['record', 'rejected', 'skipped', 'waiting']);
  });

  it('comes out the same every time, and the explanation tells of the same ending', () => {
    fc.assert(
      fc.property(record, (any) => {
        const ending = mapping.run(any, given);
        expect(mapping.run(structuredClone(any), given)).toEqual(ending);
        expect(explainMapping(mapping, any, given).ending).toEqual(ending);
      }),
      { numRuns: 500 },
    );
  });
});

const kindRules = kinds.map(
  (kind) => `  ${kind}: { from: ${kind}, as: ${kind}${kind === 'phone' ? ', country: land' : ''} }\n`,
);
const everyKind = aMapping(
  `fields:\n${kindRules.join('')}  first: { expr: 'now()', write_on: create }\n  last: { from: text, write_on: update }\n`,
);
const kindTexts: { readonly [kind: string]: fc.Arbitrary<string> } = {
  text: fc.string(),
  integer: fc.bigInt().map((n) => ` ${n}.00 `),
  decimal: fc.tuple(fc.maxSafeInteger(), fc.nat()).map(([whole, part]) => `${whole}.${part}`),
  boolean: fc.constantFrom('true', 'No', ' 1 '),
  date: fc
    .date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) })
    .map((day) => day.toISOString()),
  datetime: fc
    .date({ noInvalidDate: true, min: new Date(1e11), max: new Date(4e12) })
    .map((day) => String(+day)),
  country: fc.constantFrom('Germany', 'fr', 'USA', 'Italia'),
  currency: fc.constantFrom('Euro', 'usd', ' Swiss Franc '),
  phone: fc.constantFrom('030 123456', '+33 1 23 45 67 89', '(+1) 212 555 0123'),
  email: fc.emailAddress(),
  url: fc.webUrl(),
};

describe('every kind of conversion', () => {
  it('gives the same for the same record, leaves it alone, and ends in one of four ways', () => {
    const anything: fc.Arbitrary<SourceRecord> = fc.dictionary(fc.constantFrom(...kinds, 'land'), value);
    fc.assert(
      fc.property(anything, (any) => {
        const before = JSON.stringify(any);
        const ending = everyKind.run(frozen(any), given);
        expect(everyKind.run(structuredClone(any), given)).toEqual(ending);
        expect(JSON.stringify(any)).toBe(before);
        expect(['record', 'rejected']).toContain(ending.kind);
        expect(complaintsAbout(ending, any)).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });

  it('takes what it has made for what it would make', () => {
    fc.assert(
      fc.property(fc.record(kindTexts), (texts) => {
        const once = everyKind.run({ ...texts, land: 'Germany' }, given);
        if (once.kind !== 'record') throw new Error(JSON.stringify(once));
        expect(everyKind.run({ ...once.fields, land: 'Germany' }, given)).toEqual(once);
      }),
      { numRuns: 500 },
    );
  });
});

const cents = fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n });
const amountOf = (inCents: bigint): string => {
  const digits = String(inCents < 0n ? -inCents : inCents).padStart(3, '0');
  return `${inCents < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
};
const ruled = (rule: string, any: SourceRecord): Value | undefined => {
  const ending = aMapping(`fields: { x: ${rule} }\n`).run(any, given);
  if (ending.kind !== 'record') throw new Error(JSON.stringify(ending));
  return ending.fields['x'];
};

/** An amount with three decimals, in tenths of a cent. */
const tenths = (text: string): bigint => BigInt(text.replace('.', ''));

describe('money', () => {
  it('comes out to the cent as it went in', () => {
    fc.assert(
      fc.property(cents, (amount) => {
        expect(ruled('{ from: a, as: decimal, scale: 2 }', { a: amountOf(amount) })).toBe(amountOf(amount));
      }),
      { numRuns: 200 },
    );
  });

  it('loses no cent in a chain of sums and products', () => {
    const rule =
      "{ expr: '(decimal(a) + decimal(b)) * int(n) - decimal(b) * int(n)', as: decimal, scale: 2 }";
    fc.assert(
      fc.property(cents, cents, fc.integer({ min: 1, max: 100_000 }), (a, b, n) => {
        expect(ruled(rule, { a: amountOf(a), b: amountOf(b), n: String(n) })).toBe(amountOf(a * BigInt(n)));
      }),
      { numRuns: 200 },
    );
  });

  const steps = [
    '{ from: a, as: decimal }',
    '{ from: a, as: decimal, scale: 8, rounding: down }',
    '{ from: a, as: text }',
    '{ from: [b, a] }',
    '{ from: a, map: kept }',
    "{ template: '{a}' }",
    "{ expr: 'a' }",
    "{ expr: 'decimal(a)' }",
    "{ expr: 'string(decimal(a))' }",
    "{ expr: 'decimal(a) + 0.10 - 0.1' }",
    "{ expr: '[decimal(a)].map(each, each * 1)[0]' }",
    '{ choose: [{ when: a > 0, from: a }], else: { expr: a } }',
    "{ from: a, default: '0', max: 60 }",
  ].map((rule) =>
    aMapping(
      `fields: { a: ${rule}, z: { from: a, map: kept } }\nvalue_maps: { kept: { values: { x: y }, unknown: keep } }\n`,
    ),
  );
  const written = fc.record({
    whole: fc.bigInt({ min: 0n, max: 10n ** 25n }),
    part: fc.stringMatching(/^\d{0,8}$/),
    sign: fc.constantFrom('', '-', '+'),
    zeros: fc.constantFrom('', '0', '000'),
  });

  it('keeps every digit through any chain of rules', () => {
    const exact = (text: string): bigint => {
      const [, sign, whole = '', part = ''] = /^([+-]?)(\d*)\.?(\d*)$/.exec(text) ?? [];
      const digits = BigInt(whole + part.padEnd(8, '0'));
      return sign === '-' ? -digits : digits;
    };
    const chain = fc.array(fc.constantFrom(...steps), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(written, chain, ({ whole, part, sign, zeros }, rules) => {
        const amount = `${sign}${zeros}${whole}${part === '' ? '' : `.${part}`}`;
        let current = amount;
        for (const rule of rules) {
          const ending = rule.run({ a: current }, given);
          if (ending.kind !== 'record') throw new Error(JSON.stringify(ending));
          const made = ending.fields['a'];
          if (typeof made !== 'string') throw new Error(`${rule.text} gives no text`);
          current = made;
        }
        expect(exact(current)).toBe(exact(amount));
      }),
      { numRuns: 1000 },
    );
  });

  it('rounds to the nearest cent, whichever way ties go', () => {
    fc.assert(
      fc.property(
        cents,
        fc.integer({ min: 0, max: 9 }),
        fc.constantFrom('half_even', 'half_up', 'half_down'),
        (amount, tenth, rounding) => {
          const exact = `${amountOf(amount)}${tenth}`;
          const rounded = ruled(`{ from: a, as: decimal, scale: 2, rounding: ${rounding} }`, { a: exact });
          const off = tenths(`${typeof rounded === 'string' ? rounded : ''}0`) - tenths(exact);
          expect(off >= -5n && off <= 5n).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });
});
