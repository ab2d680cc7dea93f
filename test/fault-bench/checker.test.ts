import { describe, expect, it } from 'vitest';
import { findCanaries } from '../faults/bench/canaries.ts';
import { judge } from '../faults/bench/checker.ts';
import type { Write } from '../faults/bench/door.ts';
import type { Snapshot } from '../faults/bench/snapshot.ts';
import {
  aSnapshot,
  company,
  contact,
  customer,
  deal,
  link,
  links,
  order,
  partner,
  person,
  withLink,
} from './a-snapshot.ts';

const said = (snapshot: Snapshot): string[] =>
  judge(snapshot).map(
    ({ verdict, record, expected, found }) => `${verdict}: ${record}: ${expected}: ${found}`,
  );

const at = new Date(0);
const event = (name: string, code: string | null = null) => ({
  flow: 'accounts',
  sourceId: '1',
  event: name,
  code,
  at,
});

describe('the judge of a fault run', () => {
  it('finds nothing where everything is as it must be', () => {
    expect(judge(aSnapshot())).toEqual([]);
  });

  describe('lost', () => {
    it('is a record without a link', () => {
      const found = said(aSnapshot({ tables: { links: links.slice(1) } }));
      expect(found).toContainEqual(expect.stringMatching(/^lost: accounts 1: .*there is no link/));
    });

    it('is a record that is not in the ERP', () => {
      const found = said(
        aSnapshot({
          erp: [partner, person, order],
          tables: { links: withLink('customers', { targetId: null }) },
        }),
      );
      expect(found).toContainEqual(expect.stringMatching(/^lost: customers 1/));
    });

    it('is a child that waits for a parent that is there', () => {
      const waiting = withLink('contacts', {
        state: 'waiting',
        reason: 'waits for accounts 1',
        targetId: null,
      });
      expect(said(aSnapshot({ tables: { links: waiting } }))).toEqual([
        expect.stringMatching(/^lost: contacts 5: .*waiting: waits for accounts 1/),
      ]);
    });

    it('is an ERP number that never came back to the CRM', () => {
      const crm = { deals: [{ ...deal, erp_order_number: null }] };
      expect(said(aSnapshot({ crm }))).toEqual([expect.stringMatching(/^lost: orders 7: ERP number 22/)]);
    });
  });

  describe('duplicated', () => {
    it('is two ERP records with one external key', () => {
      const twin = { ...order, id: '23', fields: { ...order.fields, code: 'D8' } };
      expect(said(aSnapshot({ erp: [partner, person, customer, order, twin] }))).toEqual([
        'duplicated: crm/deals/7>orders: one ERP record: ERP records 22, 23',
      ]);
    });

    it('is two ERP records with one business value', () => {
      const twin = { ...partner, id: '13', keys: [] };
      expect(said(aSnapshot({ erp: [partner, twin, person, customer, order] }))).toEqual([
        'duplicated: accounts with ref C1: one ERP record: ERP records 11, 13',
      ]);
    });

    it('is not what a merge has left over and a person is told of', () => {
      const old = { ...partner, id: '10', keys: ['crm/companies/0>res.partner'] };
      const merged = {
        ...link('accounts', '0', '10'),
        state: 'removed',
        code: 'merged',
        reason: 'needs a person',
      };
      const merge = {
        at: 0,
        shownAt: 0,
        deed: 'merge',
        entity: 'companies',
        id: '1',
        consumed: ['0'],
        removed: false,
      } as const;
      const snapshot = aSnapshot({
        erp: [old, partner, person, customer, order],
        truth: { crmJournal: [merge] },
        tables: { links: [...links, merged] },
      });
      expect(said(snapshot)).toEqual([]);
    });
  });

  describe('stale', () => {
    it('is an ERP record that holds an older revision', () => {
      const old = { ...partner, fields: { ...partner.fields, name: 'Company 1 r1' } };
      expect(said(aSnapshot({ erp: [old, person, customer, order] }))).toEqual([
        'stale: accounts 1: name "Company 1 r2": ERP record 11 holds "Company 1 r1"',
      ]);
    });

    it('is not a field that a person has changed in the ERP since', () => {
      const edited = { ...partner, fields: { ...partner.fields, city: 'by hand 0' } };
      const byHand = { at: 0, store: 'res.partner', id: '11', field: 'city', value: 'by hand 0' } as const;
      expect(
        said(aSnapshot({ erp: [edited, person, customer, order], truth: { erpJournal: [byHand] } })),
      ).toEqual([]);
    });

    it('is a child with another parent, and an order with other lines', () => {
      const other = { ...person, fields: { ...person.fields, parent: '99' } };
      const lines = { ...order, lines: [] };
      expect(said(aSnapshot({ erp: [partner, other, customer, lines] }))).toEqual([
        'stale: contacts 5: parent "11": ERP record 12 holds "99"',
        'stale: orders 7: lines "2 of Line 7-0": ERP record 22 holds ""',
      ]);
    });

    it('is a mirror that is older than the truth', () => {
      const mirror = [
        {
          entity: 'companies',
          sourceId: '1',
          deleted: false,
          mergedInto: null,
          record: { name: 'Company 1 r1' },
        },
      ];
      const found = said(aSnapshot({ tables: { mirror } }));
      expect(found).toContainEqual(expect.stringMatching(/^stale: accounts 1: the mirror holds/));
    });

    it.each([
      ['was deleted', { ...deal, archived: true }],
      ['has left', { ...deal, dealstage: 'contractsent' }],
    ])('is an ERP record that is as it was although its CRM record %s', (_, gone) => {
      expect(said(aSnapshot({ crm: { deals: [gone] } }))).toEqual([
        expect.stringMatching(/^stale: orders 7/),
      ]);
      const cancelled = { ...order, fields: { ...order.fields, status: 'cancelled' } };
      expect(
        said(aSnapshot({ crm: { deals: [gone] }, erp: [partner, person, customer, cancelled] })),
      ).toEqual([]);
    });
  });

  describe('unexplained', () => {
    it.each([
      [
        'a state that is not settled',
        { links: withLink('accounts', { state: 'pending', reason: 'x' }) },
        'a settled state',
      ],
      ['a state without a reason', { links: withLink('contacts', { state: 'waiting' }) }, 'a reason'],
      ['a link that is behind', { links: withLink('orders', { behind: true }) }, 'newest version'],
      [
        'a letter of a record that is not dead',
        { letters: [{ queue: 'push/orders/dead', sourceId: '7', state: 'created' }] },
        'a dead letter has a cause',
      ],
      [
        'a dead record without a letter',
        { links: withLink('orders', { state: 'dead', code: 'x', reason: 'x' }) },
        'a dead letter',
      ],
      [
        'a write-back that is put aside without a failure',
        { letters: [{ queue: 'write-back/orders/dead', sourceId: '7', state: 'created' }] },
        'a failed write-back',
      ],
      [
        'a live job of a settled record',
        { jobs: [{ queue: 'push/orders', sourceId: '7', state: 'active' }] },
        'no live job',
      ],
      ['an intent that is left', { intents: [{ flow: 'orders', sourceId: '7' }] }, 'no intent'],
      [
        'a record that was created twice',
        { history: [event('created'), event('created')], counts: { created: 2, updated: 0, removed: 0 } },
        'created once',
      ],
      ['counts that do not add up', { history: [event('updated')] }, '1 updated, as history tells'],
      [
        'a rate limit that used up an attempt',
        { history: [event('retrying', 'odoo_rate_limited')] },
        'uses up no attempt',
      ],
    ])('is %s', (_, tables, expected) => {
      expect(said(aSnapshot({ tables }))).toContainEqual(
        expect.stringMatching(new RegExp(`^unexplained: .*${expected}`)),
      );
    });

    it('is a record that ought to be a dead letter and is not', () => {
      expect(said(aSnapshot({ crm: { companies: [{ ...company, name: null }] } }))).toContainEqual(
        expect.stringMatching(/^unexplained: accounts 1: a dead letter, because name is empty/),
      );
    });

    it('is an edit of a person that vanished', () => {
      const byHand = { at: 0, store: 'res.partner', id: '11', field: 'website', value: 'by hand 0' } as const;
      expect(said(aSnapshot({ truth: { erpJournal: [byHand] } }))).toEqual([
        expect.stringMatching(/^unexplained: ERP record res.partner 11: website "by hand 0"/),
      ]);
    });

    it('is a run that does not come to rest', () => {
      expect(said(aSnapshot({ hanging: ['queue push/orders: 1 active'] }))).toEqual([
        'unexplained: the run: everything comes to rest in time: queue push/orders: 1 active',
      ]);
    });

    const write = (change: Partial<Write>): Write => ({
      worker: 'a',
      from: 0,
      to: 100,
      operation: 'res.partner load',
      keys: ['res.partner 11'],
      arrived: true,
      status: 200,
      abandoned: false,
      ...change,
    });
    const both = [
      write({}),
      write({ worker: 'b', from: 50, to: 150, keys: ['res.partner __causeway__.crm_companies_1'] }),
    ];
    const writes = (erp: readonly Write[]) => ({ truth: { writes: { crm: [], erp, plain: [] } } });

    it('is two requests for one record at once, under whatever name', () => {
      expect(said(aSnapshot(writes(both)))).toEqual([
        expect.stringMatching(/^unexplained: erp res.partner 11: one request for a record at a time/),
      ]);
    });

    it.each([
      ['the first had ended', [write({ to: 40 }), write({ worker: 'b', from: 50 })]],
      ['one never arrived', [write({ arrived: false }), write({ worker: 'b', from: 50 })]],
      ['one was given up', [write({ abandoned: true }), write({ worker: 'b', from: 50 })]],
      ['they were for other records', [write({}), write({ worker: 'b', keys: ['res.partner 12'] })]],
    ])('is not two requests where %s', (_, erp) => {
      expect(said(aSnapshot(writes(erp)))).toEqual([]);
    });

    it('is not two requests of which one worker had been stopped', () => {
      const disturbances = [{ worker: 'a', what: 'stopped', from: -20_000, to: -1000 }] as const;
      expect(said(aSnapshot({ ...writes(both), disturbances }))).toEqual([]);
    });
  });

  it('lets a child wait for a parent that is a dead letter and was never delivered', () => {
    const nameless = { ...company, name: null };
    const dead = withLink('accounts', { state: 'dead', code: 'required', reason: 'x', targetId: null }).map(
      (one) =>
        one.flow === 'contacts'
          ? { ...one, state: 'waiting', reason: 'waits for accounts 1', targetId: null }
          : one,
    );
    const snapshot = aSnapshot({
      crm: { companies: [nameless], contacts: [contact], deals: [], line_items: [] },
      erp: [],
      tables: {
        links: dead.map((one) =>
          one.flow === 'customers' ? { ...one, state: 'dead', code: 'required', reason: 'x' } : one,
        ),
        letters: ['accounts', 'customers'].map((flow) => ({
          queue: `push/${flow}/dead`,
          sourceId: '1',
          state: 'created',
        })),
      },
    });
    expect(said(snapshot)).toEqual([]);
  });
});

describe('the search for canaries', () => {
  it('tells where a secret or a payload stands, and does not repeat it', () => {
    const canaries = [{ name: 'the API key', text: 'key-1234' }];
    const found = findCanaries(canaries, [
      { name: 'worker-a.log', text: 'GET /?key=key-1234' },
      { name: 'worker-b.log', text: 'nothing' },
    ]);
    expect(found).toEqual([
      {
        verdict: 'unexplained',
        record: 'worker-a.log',
        expected: 'no secret and no payload in it',
        found: 'the API key',
      },
    ]);
  });
});
