/** The people who go on working in the CRM and in the ERPs. What they did is kept here, apart from what Causeway knows. */

export const crmEntities = ['companies', 'contacts', 'deals'] as const;
export type CrmEntity = (typeof crmEntities)[number];

/** What a person does in the CRM. `pick` and `other` choose among the records that are there at that moment. */
export type CrmDeed = {
  readonly deed: 'edit' | 'create' | 'archive' | 'merge' | 'move' | 'touch' | 'blank' | 'stage' | 'line';
  readonly entity: CrmEntity;
  readonly pick: number;
  readonly other: number;
};

/** What a person does in an ERP: `memo` is a field that no mapping writes, `ours` one that a mapping does. */
export type ErpDeed = {
  readonly in: 'res.partner' | 'customers' | 'orders';
  readonly field: 'memo' | 'ours';
  readonly pick: number;
};

/** One thing that a person did. `shownAt` is when everybody surely sees it. */
export type CrmEntry = {
  readonly at: number;
  readonly shownAt: number;
  readonly deed: CrmDeed['deed'];
  readonly entity: CrmEntity;
  readonly id: string;
  /** For a merge: the ids that were given up, which the record `id` stands for from now on. */
  readonly consumed: readonly string[];
  /** The record, or a line of it, was deleted. */
  readonly removed: boolean;
};
export type ErpEntry = {
  readonly at: number;
  readonly store: ErpDeed['in'];
  readonly id: string;
  readonly field: string;
  readonly value: string;
};

export type Users = {
  /** Fills the CRM with records that are a month old, as after an import. */
  settle(companies: number, contacts: number, deals: number): Promise<void>;
  inCrm(deed: CrmDeed, lagMs: number): Promise<void>;
  inErp(deed: ErpDeed): Promise<void>;
  readonly crmJournal: CrmEntry[];
  readonly erpJournal: ErpEntry[];
};

export type Place = {
  readonly crm: string;
  readonly token: string;
  readonly erp: string;
  readonly plain: string;
};

type Known = { readonly n: number; rev: number };
type Fields = { readonly [name: string]: string | null };
type Desk = {
  readonly place: Place;
  readonly known: { readonly [entity in CrmEntity]: Map<string, Known> };
  made: number;
};

const month = 30 * 24 * 3600 * 1000;

/** The texts of these fields hold a canary: they must not turn up in any log, error, metric or address. */
export const payloadCanary = 'payload-canary';

/** What a person types into a record. The revision in the texts says which state an ERP record holds. */
const typed: { readonly [entity in CrmEntity]: (known: Known) => Fields } = {
  companies: ({ n, rev }) => ({
    name: `Company ${n} r${rev}`,
    northwind_id: `C${n}`,
    city: `City ${n}.${rev}`,
    address: `${payloadCanary} street ${n}.${rev}`,
    phone: `+49 30 ${n}000${rev}`,
  }),
  contacts: ({ n, rev }) => ({
    lastname: `Contact ${n} r${rev}`,
    email: `c${n}@example.test`,
    jobtitle: `${payloadCanary} job ${n}.${rev}`,
    phone: `+49 40 ${n}000${rev}`,
  }),
  deals: ({ n, rev }) => ({
    dealname: `Deal ${n} r${rev}`,
    northwind_order_id: `D${n}`,
    description: `${payloadCanary} deal ${n}.${rev}`,
  }),
};
const blank: { readonly [entity in CrmEntity]: Fields } = {
  companies: { name: null },
  contacts: { lastname: null },
  deals: { dealname: null },
};

export function usersOf(place: Place): Users {
  const known = { companies: new Map(), contacts: new Map(), deals: new Map() };
  const desk: Desk = { place, known, made: 0 };
  const crmJournal: CrmEntry[] = [];
  const erpJournal: ErpEntry[] = [];
  return {
    crmJournal,
    erpJournal,
    async settle(companies, contacts, deals) {
      const before = (n: number): Fields => ({ modifiedAt: new Date(Date.now() - month + n).toISOString() });
      for (let n = 0; n < companies; n += 1) await create(desk, 'companies', 0, before(n));
      for (let n = 0; n < contacts; n += 1) await create(desk, 'contacts', n / contacts, before(n));
      for (let n = 0; n < deals; n += 1) await create(desk, 'deals', n / deals, before(n));
    },
    async inCrm(deed, lagMs) {
      const done = await inCrm(desk, deed);
      const at = Date.now();
      if (done !== null)
        crmJournal.push({ at, shownAt: at + lagMs, deed: deed.deed, entity: deed.entity, ...done });
    },
    async inErp(deed) {
      const value = `by hand ${erpJournal.length}`;
      const done = await inErp(place, deed, value);
      if (done !== null) erpJournal.push({ at: Date.now(), store: deed.in, value, ...done });
    },
  };
}

const chosen = ({ known }: Desk, entity: CrmEntity, pick: number): string | null => {
  const ids = [...known[entity].keys()];
  return ids[Math.floor(pick * ids.length)] ?? null;
};

const records = ({ place }: Desk, entity: string): string => `${place.crm}/_sandbox/records/${entity}`;

/** Four records in five belong to a company; two deals in three are won. */
async function create(desk: Desk, entity: CrmEntity, pick: number, extra: Fields): Promise<string> {
  const record = { n: (desk.made += 1), rev: 1 };
  const company =
    entity !== 'companies' && pick < 0.8 ? { company: chosen(desk, 'companies', pick / 0.8) } : {};
  const stage = entity === 'deals' ? { dealstage: record.n % 3 === 0 ? 'contractsent' : 'closedwon' } : {};
  const body = { ...typed[entity](record), ...stage, ...company, ...extra };
  const { id } = (await call(records(desk, entity), 'POST', body)) as { id: string };
  desk.known[entity].set(id, record);
  if (entity === 'deals')
    for (let line = 0; line <= record.n % 2; line += 1) await addLine(desk, id, line, extra);
  return id;
}

async function addLine(desk: Desk, deal: string, nth: number, extra: Fields): Promise<void> {
  const line = { name: `Line ${deal}-${nth} r1`, quantity: String(nth + 1), hs_product_id: '7', price: '5' };
  await call(records(desk, 'line_items'), 'POST', { ...line, deal, ...extra });
}

type Done = Pick<CrmEntry, 'id' | 'consumed' | 'removed'>;

/** Does one thing in the CRM, or nothing where it cannot be done. */
async function inCrm(desk: Desk, { deed, entity, pick, other }: CrmDeed): Promise<Done | null> {
  if (deed === 'create') return { id: await create(desk, entity, other, {}), consumed: [], removed: false };
  const id = chosen(desk, entity, pick);
  if (id === null) return null;
  const url = `${records(desk, entity)}/${id}`;
  switch (deed) {
    case 'archive':
      desk.known[entity].delete(id);
      await call(url, 'DELETE');
      break;
    case 'merge':
      return merge(desk, entity, id, chosen(desk, entity, other));
    case 'touch':
      await call(url, 'PATCH', {});
      break;
    case 'blank':
      await call(url, 'PATCH', blank[entity]);
      break;
    case 'stage':
      if (entity !== 'deals') return null;
      await call(url, 'PATCH', { dealstage: other < 0.5 ? 'closedwon' : 'contractsent' });
      break;
    case 'line':
      if (entity !== 'deals') return null;
      return { id, consumed: [], removed: await changeLine(desk, id, other) };
    default:
      await edit(desk, entity, id, deed === 'move' ? other : null);
  }
  return { id, consumed: [], removed: deed === 'archive' };
}

async function edit(desk: Desk, entity: CrmEntity, id: string, to: number | null): Promise<void> {
  const record = desk.known[entity].get(id) ?? { n: 0, rev: 0 };
  record.rev += 1;
  const moved = to !== null && entity !== 'companies' ? { company: chosen(desk, 'companies', to) } : {};
  await call(`${records(desk, entity)}/${id}`, 'PATCH', { ...typed[entity](record), ...moved });
}

/** A line is added, changed or removed; none of that stamps the deal. Says whether it was removed. */
async function changeLine(desk: Desk, deal: string, how: number): Promise<boolean> {
  const all = (await call(records(desk, 'line_items'), 'GET')) as {
    id: string;
    deal: string;
    archived: boolean;
    quantity: string;
  }[];
  const own = all.filter((line) => line.deal === deal && !line.archived);
  const [first] = own;
  if (first === undefined || how < 0.3) {
    await addLine(desk, deal, all.length, {});
    return false;
  }
  const url = `${records(desk, 'line_items')}/${first.id}`;
  const removes = how > 0.9 && own.length > 1;
  await (removes
    ? call(url, 'DELETE')
    : call(url, 'PATCH', { quantity: String(Number(first.quantity) + 1) }));
  return removes;
}

async function merge(desk: Desk, entity: CrmEntity, id: string, other: string | null): Promise<Done | null> {
  if (entity === 'deals' || other === null || other === id || desk.known[entity].size < 4) return null;
  const record = desk.known[entity].get(id) ?? { n: 0, rev: 0 };
  for (const gone of [id, other]) desk.known[entity].delete(gone);
  const path = `${desk.place.crm}/crm/v3/objects/${entity}/merge`;
  const body = { primaryObjectId: id, objectIdToMerge: other };
  const { id: into } = (await call(path, 'POST', body, desk.place.token)) as { id: string };
  desk.known[entity].set(into, record);
  return { id: into, consumed: [id, other], removed: false };
}

const fieldsOf = {
  'res.partner': { memo: 'website', ours: 'phone' },
  customers: { memo: 'memo', ours: 'note' },
  orders: { memo: 'memo', ours: 'note' },
} as const;

async function inErp(
  place: Place,
  deed: ErpDeed,
  value: string,
): Promise<Pick<ErpEntry, 'id' | 'field'> | null> {
  const at = `${deed.in === 'res.partner' ? place.erp : place.plain}/_sandbox/records/${deed.in}`;
  const rows = (await call(at, 'GET')) as { id: string | number }[];
  const row = rows[Math.floor(deed.pick * rows.length)];
  if (row === undefined) return null;
  const field = fieldsOf[deed.in][deed.field];
  await call(`${at}/${row.id}`, 'PATCH', { [field]: value });
  return { id: String(row.id), field };
}

/** A call as a person's browser makes it. */
export async function call(url: string, method: string, body?: unknown, token?: string): Promise<unknown> {
  const answer = await fetch(url, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${text}`);
  return text === '' ? null : JSON.parse(text);
}
