import { describe, expect, it } from 'vitest';
import { type FaultKind, Fault } from '../../src/connector/fault.ts';
import { aLedger, aLookup, anEngine, anErp, aQuestion, asking } from './a-lookup.ts';

const vendors = 'res.partner(7): Invalid field credit_limit_x, phone 555-1234';

const failing = (kind: FaultKind) => {
  const erp = anErp();
  erp.before = () => {
    throw new Fault({ kind, code: 'odoo_validation_error', message: vendors });
  };
  return erp;
};
const lookup = aLookup({ ttlMs: 0 });

describe('a refusal', () => {
  it.each(['invalid_record', 'config', 'bug', 'missing_reference'] as const)(
    'that asking again does not change (%s) is told as such, and the system is not left alone for it',
    async (kind) => {
      const { engine, doors } = anEngine([failing(kind)]);
      for (let n = 0; n < 5; n++)
        expect(await engine.answer(lookup, '42', asking)).toEqual({
          kind: 'refused',
          system: 'erp',
          fault: kind,
          sentence: `erp gave no answer that could be used (${kind}).`,
        });
      expect(doors.get('erp')?.door.state()).toBe('closed');
    },
  );

  it.each([
    ['transient', 1],
    ['auth', 60],
  ] as const)('that passes (%s) says when to ask again', async (kind, retryAfterSeconds) => {
    const { engine } = anEngine([failing(kind)]);
    expect(await engine.answer(lookup, '42', asking)).toMatchObject({
      kind: 'unavailable',
      retryAfterSeconds,
    });
  });

  it('never repeats what the vendor says, also while the system is left alone', async () => {
    const { engine, doors } = anEngine([failing('transient')]);
    const said: string[] = [];
    for (let n = 0; n < 4; n++) said.push(JSON.stringify(await engine.answer(lookup, '42', asking)));
    expect(doors.get('erp')?.door.state()).toBe('open');
    expect(said.at(-1)).toContain('erp is not asked now: it gave no answer (transient).');
    for (const one of said) expect(one).not.toMatch(/res\.partner|credit_limit|555|odoo/);
  });

  it('names neither entity nor field of the system where there is no record, or more than one', async () => {
    const erp = anErp();
    erp.records.set('8', { name: 'Ernst Handel' });
    const ledger = aLedger();
    ledger.links.set('43', '999');
    const { engine } = anEngine([erp], ledger);
    const sentence = 'There is no such record behind this key in erp.';
    expect(await engine.answer(lookup, '43', asking)).toEqual({ kind: 'not_found', sentence });
    const byName = aLookup({ questions: [aQuestion({ find: { by: 'field', field: 'name' } })] });
    expect(await engine.answer(byName, 'Ernst Handel', asking)).toEqual({
      kind: 'not_unique',
      sentence: 'More than one record of erp has this key.',
    });
    const gone = anEngine([failing('not_found')]);
    expect(await gone.engine.answer(lookup, '42', asking)).toEqual({ kind: 'not_found', sentence });
  });
});
