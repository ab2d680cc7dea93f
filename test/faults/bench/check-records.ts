import type { Finding, Verdict } from './checker.ts';
import { type Expectation, expectations, sourceOf, textOf } from './expectations.ts';
import type { CrmRecord, ErpRecord, Link, Snapshot } from './snapshot.ts';

/** What is known when one record is judged. */
type Case = {
  readonly snapshot: Snapshot;
  readonly expectation: Expectation;
  /** The ERP records that stand for a CRM record, or for one that was merged into it, by our external key. */
  readonly stamped: (store: string, entity: string, id: string) => readonly ErpRecord[];
  /** Ids that were given up in a merge, with what they became. */
  readonly became: ReadonlyMap<string, string>;
  readonly linkOf: (flow: string, id: string) => Link | undefined;
};

/** Records that are lost, duplicated or stale, seen from the truth of all systems. */
export function judgeRecords(snapshot: Snapshot): Finding[] {
  const { truth, tables } = snapshot;
  const links = new Map(tables.links.map((link) => [`${link.flow} ${link.sourceId}`, link]));
  const became = new Map(
    truth.crmJournal.flatMap(({ consumed, id }) => consumed.map((gone): [string, string] => [gone, id])),
  );
  const records = Map.groupBy(
    truth.erp.flatMap((record) => record.keys.map((key) => ({ record, source: sourceOf(key) }))),
    ({ source }) => `${source?.store} ${source?.entity} ${survivorOf(became, source?.id ?? '')}`,
  );
  const shared = {
    snapshot,
    became,
    linkOf: (flow: string, id: string) => links.get(`${flow} ${id}`),
    stamped: (store: string, entity: string, id: string) =>
      (records.get(`${store} ${entity} ${id}`) ?? []).map(({ record }) => record),
  };
  const perFlow = expectations.flatMap((expectation) => {
    const given: Case = { ...shared, expectation };
    return [
      ...truth.crm[expectation.entity].flatMap((record) => judgeRecord(given, record)),
      ...sameInBusiness(given),
    ];
  });
  return [...perFlow, ...sameByKey(snapshot), ...judgeHands(snapshot)];
}

/** Follows merges to the record that an id stands for now. */
function survivorOf(became: ReadonlyMap<string, string>, id: string): string {
  const next = became.get(id);
  return next === undefined ? id : survivorOf(became, next);
}

function judgeRecord(given: Case, record: CrmRecord): Finding[] {
  const { flow, entity, store, required, wanted, gone, number } = given.expectation;
  const say = (verdict: Verdict, expected: string, found: string): Finding[] => [
    { verdict, record: `${flow} ${record.id}`, expected, found },
  ];
  const link = given.linkOf(flow, record.id);
  const candidates = given.stamped(store, entity, record.id);
  const target = candidates.find(({ id }) => id === link?.targetId);
  const wants = !record.archived && wanted(record);
  // What was deleted before anybody had read it was never there.
  if (link === undefined)
    return record.archived && candidates.length === 0
      ? []
      : say('lost', 'the record is known to Causeway', 'there is no link for it');
  if (!wants)
    return gone(target)
      ? []
      : say(
          'stale',
          'an ERP record whose CRM record has gone or left',
          `${target?.id} is as it was (${link.state})`,
        );
  const mirrored = given.snapshot.tables.mirror.find(
    (row) => row.entity === entity && row.sourceId === record.id,
  );
  const known = (mirrored?.record?.[required] ?? null) as string | null;
  if ((known === '' ? null : known) !== textOf(record, required))
    return say('stale', `the mirror holds ${required} "${textOf(record, required)}"`, `it holds "${known}"`);
  if (textOf(record, required) === null)
    return link.state === 'dead'
      ? []
      : say('unexplained', `a dead letter, because ${required} is empty`, `state ${link.state}`);
  if (link.state === 'waiting' && parentIsMissing(given, record)) return [];
  if (link.state !== 'synced')
    return say('lost', 'the record is in the ERP', `${link.state}: ${link.reason}`);
  if (target === undefined)
    return say(
      'lost',
      `ERP record ${link.targetId}, stamped with our key`,
      `${candidates.length} others are stamped`,
    );
  const written = textOf(record, number);
  return [
    ...differences(given, record, target).flatMap(({ field, expected, found }) =>
      say('stale', `${field} "${expected}"`, `ERP record ${target.id} holds "${found}"`),
    ),
    ...(written === target.id
      ? []
      : say('lost', `ERP number ${target.id} on the CRM record`, `${number} is ${written ?? 'empty'}`)),
  ];
}

const companyOf = ({ snapshot }: Case, record: CrmRecord): CrmRecord | undefined =>
  snapshot.truth.crm.companies.find(({ id, archived }) => id === record['company'] && !archived);

const parentsOf = ({ expectation, stamped }: Case, company: CrmRecord): readonly ErpRecord[] =>
  stamped(expectation.parent === 'accounts' ? 'res.partner' : 'customers', 'companies', company.id);

/** A child may wait for a parent that was deleted, or that is a dead letter and was never delivered. */
function parentIsMissing(given: Case, record: CrmRecord): boolean {
  const company = companyOf(given, record);
  if (company === undefined) return true;
  const link = given.linkOf(given.expectation.parent ?? '', company.id);
  return parentsOf(given, company).length === 0 && link?.state === 'dead';
}

type Difference = { readonly field: string; readonly expected: string; readonly found: string };

function differences(given: Case, record: CrmRecord, target: ErpRecord): Difference[] {
  const { truth } = given.snapshot;
  const byHand = (field: string): string | null =>
    truth.erpJournal.findLast(
      (entry) => entry.store === target.store && entry.id === target.id && entry.field === field,
    )?.value ?? null;
  const fields = Object.entries(given.expectation.same).flatMap(([field, from]): Difference[] => {
    const [expected, found] = [textOf(record, from), target.fields[field]];
    // A person may have changed a field of ours after the newest delivery.
    if (expected === null || found === expected || found === byHand(field)) return [];
    return [{ field, expected, found: String(found) }];
  });
  return [...fields, ...otherParent(given, record, target), ...otherLines(given, record, target)];
}

function otherParent(given: Case, record: CrmRecord, target: ErpRecord): Difference[] {
  const company = given.expectation.parent === null ? undefined : companyOf(given, record);
  if (company === undefined) return [];
  const allowed = parentsOf(given, company).map(({ id }) => id);
  const parent = target.fields['parent'] as string | null;
  if (allowed.length === 0 || (parent !== null && allowed.includes(parent))) return [];
  return [{ field: 'parent', expected: allowed.join(' or '), found: parent ?? 'none' }];
}

function otherLines({ snapshot, expectation }: Case, record: CrmRecord, target: ErpRecord): Difference[] {
  if (!expectation.lines) return [];
  const inWords = (line: { readonly [field: string]: unknown }): string =>
    `${String(line['quantity'])} of ${String(line['name'])}`;
  const wanted = snapshot.truth.crm.line_items.filter(
    ({ deal, archived }) => deal === record.id && !archived,
  );
  const [expected, found] = [wanted, target.lines].map((lines) => lines.map(inWords).toSorted().join(', '));
  return expected === found ? [] : [{ field: 'lines', expected: expected ?? '', found: found ?? '' }];
}

/** Two ERP records for one business value. What a merge has left over is explained: its link says that it needs a person. */
function sameInBusiness({ snapshot, expectation, became }: Case): Finding[] {
  const { flow, store, business, belongs } = expectation;
  const own = snapshot.tables.links.filter((link) => link.flow === flow && link.targetId !== null);
  const [merged, others] = [true, false].map(
    (gone) =>
      new Set(own.filter(({ sourceId }) => became.has(sourceId) === gone).map(({ targetId }) => targetId)),
  );
  const leftOver = (id: string): boolean => (merged?.has(id) ?? false) && !others?.has(id);
  const counted = snapshot.truth.erp.filter(
    (record) => record.store === store && belongs(record) && !leftOver(record.id),
  );
  return [...Map.groupBy(counted, ({ fields }) => fields[business])].flatMap(([value, records]): Finding[] =>
    records.length < 2 || typeof value !== 'string'
      ? []
      : [duplicated(`${flow} with ${business} ${value}`, records)],
  );
}

/** Two ERP records that carry one external key. */
function sameByKey({ truth }: Snapshot): Finding[] {
  const stamped = truth.erp.flatMap((record) => record.keys.map((key) => ({ key, record })));
  return [...Map.groupBy(stamped, ({ key }) => key)].flatMap(([key, found]) =>
    found.length < 2
      ? []
      : [
          duplicated(
            key,
            found.map(({ record }) => record),
          ),
        ],
  );
}

const duplicated = (record: string, records: readonly ErpRecord[]): Finding => ({
  verdict: 'duplicated',
  record,
  expected: 'one ERP record',
  found: `ERP records ${records.map(({ id }) => id).join(', ')}`,
});

const unmapped = new Set(['website', 'memo']);

/** What a person wrote into a field that no mapping writes must still be there. */
function judgeHands({ truth }: Snapshot): Finding[] {
  const newest = new Map(
    truth.erpJournal.map((entry) => [`${entry.store} ${entry.id} ${entry.field}`, entry]),
  );
  return [...newest.values()].flatMap(({ store, id, field, value }): Finding[] => {
    const record = truth.erp.find((candidate) => candidate.store === store && candidate.id === id);
    if (!unmapped.has(field) || record === undefined || record.fields[field] === value) return [];
    return [
      {
        verdict: 'unexplained',
        record: `ERP record ${store} ${id}`,
        expected: `${field} "${value}", which a person wrote and no mapping writes`,
        found: `"${String(record.fields[field])}"`,
      },
    ];
  });
}
