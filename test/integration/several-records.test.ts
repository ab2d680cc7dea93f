import { afterEach, describe, expect, it } from 'vitest';
import { Fault } from '../../src/connector/fault.ts';
import type { Mapping } from '../../src/mapping/mapping.ts';
import { readMappings } from '../../src/mapping/read.ts';
import { between, closeAll, once, type Setting, sql, stateOf } from './setting.ts';

afterEach(closeAll);

const text = `flow: accounts
read: { from: crm, entity: companies }
write: { to: erp, entity: res.partner, key: ref }
only_when: name != null
fields:
  ref: { from: id }
  name: { from: name }
  first_seen: { expr: 'now()', write_on: create }
  revised: { value: 'yes', write_on: update }
also:
  delivery:
    write: { entity: res.partner }
    only_when: street != null
    when_it_leaves: delete
    fields:
      parent_id: { reference: accounts, from: id, required: true }
      street: { from: street }
`;

function flows(): { main: Mapping; delivery: Mapping } {
  const [main, delivery] = readMappings([{ path: 'accounts.yaml', text }], []).mappings;
  if (main === undefined || delivery === undefined) throw new Error('the file is sound');
  return { main, delivery };
}

const { main, delivery } = flows();

/** What the ERP holds, without its ids and instants, in the order in which it was created. */
const held = ({ sink }: Setting): unknown[] =>
  [...sink.records.values()].map(({ externalKey, fields, writes }) => {
    const { first_seen: firstSeen, ...others } = fields;
    return { externalKey, fields: others, writes, dated: firstSeen !== undefined };
  });

describe('a source record that makes two records of the ERP', () => {
  it('carries both, the second with the id of the first, and makes no twins', async () => {
    // The second record is tried first, so that it has to wait for the first and is woken by it.
    const setting = await between([delivery, main]);
    const { source, journey } = setting;
    source.put('c1', { name: 'Acme', street: 'Gate 3' });
    await journey.carry();
    const both = [
      {
        externalKey: 'crm/companies/c1>res.partner',
        fields: { ref: 'c1', name: 'Acme' },
        writes: 1,
        dated: true,
      },
      {
        externalKey: 'crm/companies/c1>res.partner#delivery',
        fields: { parent_id: '1', street: 'Gate 3' },
        writes: 1,
        dated: false,
      },
    ];
    expect(held(setting)).toEqual(both);
    expect(
      await sql(journey, 'select flow, source_id, target_id, state from causeway.link order by flow'),
    ).toEqual([
      { flow: 'accounts', source_id: 'c1', target_id: '1', state: 'synced' },
      { flow: 'accounts.delivery', source_id: 'c1', target_id: '2', state: 'synced' },
    ]);
    const again = await journey.carry();
    expect(again.map(({ run }) => [run.read, run.created, run.updated])).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
    expect(held(setting)).toEqual(both);
  });

  it('finds each of the two again when neither create was answered', async () => {
    const setting = await between([main, delivery]);
    const { source, sink, journey } = setting;
    const unanswered = (): never => {
      throw new Fault({ kind: 'ambiguous', code: 'no_answer', message: 'no answer came' });
    };
    source.put('c1', { name: 'Acme', street: 'Gate 3' });
    const doubts = [once(unanswered), once(unanswered)];
    sink.after = (items) => (items[0]?.externalKey.endsWith('#delivery') ? doubts[1] : doubts[0])?.();
    await journey.carry();
    expect(sink.records.size).toBe(2);
    expect(sink.lookUps.flat().sort()).toEqual([
      'crm/companies/c1>res.partner',
      'crm/companies/c1>res.partner#delivery',
    ]);
    expect([await stateOf(journey, 'c1', 0), await stateOf(journey, 'c1', 1)]).toEqual(['synced', 'synced']);
  });

  it('goes its own way in each flow: one may be changed or left out without the other', async () => {
    const setting = await between([main, delivery]);
    const { source, sink, journey } = setting;
    source.put('c1', { name: 'Acme', street: 'Gate 3' });
    await journey.carry();
    source.put('c1', { name: 'Acme', street: 'Gate 4' });
    await journey.carry();
    expect([...sink.records.values()].map(({ writes }) => writes)).toEqual([1, 2]);
    source.put('c1', { name: 'Acme', street: null });
    await journey.carry();
    expect([...sink.records.values()].map(({ fields }) => fields['name'])).toEqual(['Acme']);
    expect([await stateOf(journey, 'c1', 0), await stateOf(journey, 'c1', 1)]).toEqual(['synced', 'removed']);
  });
});

describe('fields for creates and for updates', () => {
  it('are each written at their time, and nothing is sent for them alone', async () => {
    const setting = await between([main]);
    const { source, sink, journey } = setting;
    source.put('c1', { name: 'Acme' });
    await journey.carry();
    const firstSeen = sink.records.get('1')?.fields['first_seen'];
    expect(firstSeen).toMatch(/^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/);
    expect(held(setting)).toMatchObject([{ fields: { name: 'Acme' }, writes: 1 }]);
    expect(sink.records.get('1')?.fields).not.toHaveProperty('revised');
    source.put('c1', { name: 'Acme', of_no_concern: 'x' });
    await journey.carry();
    expect(sink.records.get('1')?.writes).toBe(1);
    source.put('c1', { name: 'Acme & Co' });
    await journey.carry();
    expect(sink.records.get('1')?.fields).toEqual({
      ref: 'c1',
      name: 'Acme & Co',
      first_seen: firstSeen,
      revised: 'yes',
    });
  });
});
