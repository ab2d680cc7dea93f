import type { Finding, Verdict } from './checker.ts';
import { type Expectation, expectations, textOf } from './expectations.ts';
import type { CrmRecord, ErpRecord, Link, Snapshot } from './snapshot.ts';

/** The ERP records that stand for a CRM record, or for one that was merged into it, by our external key. */
type Stamped = ReadonlyMap<string, readonly ErpRecord[]>;

type Case = {
  readonly snapshot: Snapshot;
  readonly expectation: Expectation;
  readonly stamped: Stamped;
  /** Ids that were given up in a merge, with what they became. */
  readonly became: ReadonlyMap<string, string>;
  readonly linkOf: (flow: string, id: string) => Link | undefined;
};

/** Records that are lost, duplicated or stale, seen from the truth of both systems. */
export function judgeRecords(snapshot: Snapshot): Finding[] {
  const links = new Map(snapshot.tables.links.map((link) => [`${link.flow} ${link.sourceId}`, link]));
  const linkOf = (flow: string, id: string): Link | undefined => links.get(`${flow} ${id}`);
  const became = new Map(
    snapshot.truth.crmJournal.flatMap(({ consumed, id }) =>
      consumed.map((gone): [string, string] => [gone, id]),
    ),
  );
  const stamped = stampedRecords(snapshot, became);
  const perFlow = expectations.flatMap((expectation) => {
    const given: Case = { snapshot, expectation, stamped, became, linkOf };
    const records = snapshot.truth.crm[expectation.entity];
    return [...records.flatMap((record) => judgeRecord(given, record)), ...sameInBusiness(given)];
  });
  return [...perFlow, ...judgeHands(snapshot)];
}

/** Follows merges to the record that an id stands for now. */
function survivorOf(became: ReadonlyMap<string, string>, id: string): string {
  const next = became.get(id);
  return next === undefined ? id : survivorOf(became, next);
}

/** `_2F` and `_u20AC` stand for the characters that an external id of Odoo cannot hold. */
const decoded = (name: string): string =>
  name.replaceAll(/_u([0-9A-F]{4})|_([0-9A-F]{2})/g, (_, wide: string | undefined, narrow: string) =>
    String.fromCharCode(Number.parseInt(wide ?? narrow, 16)),
  );

/** `crm/companies/421>res.partner`: which CRM record an external id stands for, or null. */
export function sourceOf(name: string): { readonly entity: string; readonly id: string } | null {
  const match = /^crm\/([^/]+)\/([^>]+)>res\.partner$/.exec(decoded(name));
  return match === null ? null : { entity: match[1] ?? '', id: match[2] ?? '' };
}

function stampedRecords({ truth }: Snapshot, became: ReadonlyMap<string, string>): Stamped {
  const partners = new Map(truth.erp.partners.map((partner) => [partner.id, partner]));
  const found = new Map<string, ErpRecord[]>();
  for (const { name, res_id } of truth.erp.externalIds) {
    const source = sourceOf(name);
    const partner = partners.get(res_id);
    if (source === null || partner === undefined) continue;
    const key = `${source.entity} ${survivorOf(became, source.id)}`;
    found.set(key, [...(found.get(key) ?? []), partner]);
  }
  return found;
}

function judgeRecord(given: Case, record: CrmRecord): Finding[] {
  const { flow, entity, required, whenDeleted, number } = given.expectation;
  const name = `${flow} ${record.id}`;
  const say = (verdict: Verdict, expected: string, found: string): Finding[] => [
    { verdict, record: name, expected, found },
  ];
  const link = given.linkOf(flow, record.id);
  const candidates = given.stamped.get(`${entity} ${record.id}`) ?? [];
  const target = candidates.find(({ id }) => String(id) === link?.targetId);
  // Deleted before anybody had read it.
  if (link === undefined && record.archived && candidates.length === 0) return [];
  if (link === undefined) return say('lost', 'the record is known to Causeway', 'there is no link for it');
  if (record.archived) {
    const left = target !== undefined && (whenDeleted === 'delete' || target['active'] !== false);
    return left
      ? say(
          'stale',
          `deleted in the CRM, so ${whenDeleted} in the ERP`,
          `ERP record ${target.id} is as it was (${link.state})`,
        )
      : [];
  }
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
    ...fieldsThatDiffer(given, record, target).flatMap(({ field, expected, found }) =>
      say('stale', `${field} "${expected}"`, `ERP record ${target.id} holds "${found}"`),
    ),
    ...(written === String(target.id)
      ? []
      : say('lost', `ERP number ${target.id} on the CRM record`, `${number} is ${written ?? 'empty'}`)),
  ];
}

/** A child may wait for a parent that was deleted, or that is a dead letter and was never delivered. */
function parentIsMissing({ snapshot, stamped, linkOf }: Case, record: CrmRecord): boolean {
  const id = textOf(record, 'company');
  const company = snapshot.truth.crm.companies.find((candidate) => candidate.id === id);
  if (id === null || company === undefined || company.archived) return true;
  return (stamped.get(`companies ${id}`) ?? []).length === 0 && linkOf('accounts', id)?.state === 'dead';
}

type Difference = { readonly field: string; readonly expected: string; readonly found: string };

function fieldsThatDiffer(given: Case, record: CrmRecord, target: ErpRecord): Difference[] {
  const byHand = (field: string): string | null =>
    given.snapshot.truth.erpJournal.findLast((entry) => entry.id === target.id && entry.field === field)
      ?.value ?? null;
  const fields = Object.entries(given.expectation.same).flatMap(([field, from]): Difference[] => {
    const [expected, found] = [textOf(record, from), target[field]];
    // A person may have changed a field of ours after the newest delivery.
    if (expected === null || found === expected || found === byHand(field)) return [];
    return [{ field, expected, found: String(found) }];
  });
  return [...fields, ...parentThatDiffers(given, record, target)];
}

function parentThatDiffers(
  { snapshot, expectation, stamped }: Case,
  record: CrmRecord,
  target: ErpRecord,
): Difference[] {
  const id = expectation.companies ? null : textOf(record, 'company');
  const company = snapshot.truth.crm.companies.find((candidate) => candidate.id === id);
  if (id === null || company === undefined || company.archived) return [];
  const allowed = (stamped.get(`companies ${id}`) ?? []).map((partner) => partner.id);
  const parent = Array.isArray(target['parent_id']) ? Number(target['parent_id'][0]) : null;
  if (allowed.length === 0 || (parent !== null && allowed.includes(parent))) return [];
  return [{ field: 'parent_id', expected: allowed.join(' or '), found: String(parent) }];
}

/** Two ERP records for one business value. What a merge has left over is explained: its link says that it needs a person. */
function sameInBusiness({ snapshot, expectation, became }: Case): Finding[] {
  const leftOver = new Set(
    snapshot.tables.links
      .filter(
        ({ flow, sourceId, code }) => flow === expectation.flow && became.has(sourceId) && code === 'merged',
      )
      .map(({ targetId }) => targetId),
  );
  const used = new Set(
    snapshot.tables.links
      .filter(({ flow, sourceId }) => flow === expectation.flow && !became.has(sourceId))
      .map(({ targetId }) => targetId),
  );
  const counted = snapshot.truth.erp.partners.filter(
    ({ id, is_company: company }) =>
      company === expectation.companies && (used.has(String(id)) || !leftOver.has(String(id))),
  );
  const groups = Map.groupBy(counted, (partner) => String(partner[expectation.business.erp]));
  return [...groups].flatMap(([value, partners]): Finding[] =>
    partners.length < 2 || value === 'false'
      ? []
      : [
          {
            verdict: 'duplicated',
            record: `${expectation.flow} with ${expectation.business.erp} ${value}`,
            expected: 'one ERP record',
            found: `ERP records ${partners.map(({ id }) => id).join(', ')}`,
          },
        ],
  );
}

/** What a person wrote into a field that no mapping writes must still be there. */
function judgeHands({ truth }: Snapshot): Finding[] {
  const newest = new Map(truth.erpJournal.map((entry) => [`${entry.id} ${entry.field}`, entry]));
  return [...newest.values()].flatMap((entry): Finding[] => {
    const partner = truth.erp.partners.find(({ id }) => id === entry.id);
    if (entry.field !== 'website' || partner === undefined || partner[entry.field] === entry.value) return [];
    return [
      {
        verdict: 'unexplained',
        record: `ERP record ${entry.id}`,
        expected: `${entry.field} "${entry.value}", which a person wrote and no mapping writes`,
        found: `"${String(partner[entry.field])}"`,
      },
    ];
  });
}
