/** The people who go on working in the CRM and in the ERP. What they did is kept here, apart from what Causeway knows. */

export type CrmEntity = 'companies' | 'contacts';

/** What a person does in the CRM. `pick` and `other` choose among the records that are there at that moment. */
export type CrmDeed = {
  readonly deed: 'edit' | 'create' | 'archive' | 'merge' | 'move' | 'touch' | 'blank';
  readonly entity: CrmEntity;
  readonly pick: number;
  readonly other: number;
};

export type ErpDeed = {
  readonly entity: CrmEntity;
  readonly field: 'website' | 'phone';
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
};
export type ErpEntry = {
  readonly at: number;
  readonly model: string;
  readonly id: number;
  readonly field: string;
  readonly value: string;
};

export type Users = {
  /** Fills the CRM with records that are a month old, as after an import. */
  settle(companies: number, contacts: number): Promise<void>;
  inCrm(deed: CrmDeed, lagMs: number): Promise<void>;
  inErp(deed: ErpDeed): Promise<void>;
  readonly crmJournal: CrmEntry[];
  readonly erpJournal: ErpEntry[];
};

export type Place = { readonly crm: string; readonly token: string; readonly erp: string };

type Known = { readonly n: number; rev: number };
type Fields = { readonly [name: string]: string | null };

const month = 30 * 24 * 3600 * 1000;

/** The texts of these fields hold a canary: they must not turn up in any log, error, metric or address. */
export const payloadCanary = 'payload-canary';

/** What a person types into a record. The revision in the texts says which state an ERP record holds. */
const typed = {
  companies: ({ n, rev }: Known): Fields => ({
    name: `Company ${n} r${rev}`,
    northwind_id: `C${n}`,
    city: `City ${n}.${rev}`,
    address: `${payloadCanary} street ${n}.${rev}`,
    phone: `+49 30 ${n}000${rev}`,
  }),
  contacts: ({ n, rev }: Known): Fields => ({
    lastname: `Contact ${n} r${rev}`,
    email: `c${n}@example.test`,
    jobtitle: `${payloadCanary} job ${n}.${rev}`,
    phone: `+49 40 ${n}000${rev}`,
  }),
};
const blank = { companies: { name: null }, contacts: { lastname: null } };

export function usersOf(place: Place): Users {
  const known = { companies: new Map<string, Known>(), contacts: new Map<string, Known>() };
  const crmJournal: CrmEntry[] = [];
  const erpJournal: ErpEntry[] = [];
  let made = 0;
  const chosen = (entity: CrmEntity, pick: number): string | null => {
    const ids = [...known[entity].keys()];
    return ids[Math.floor(pick * ids.length)] ?? null;
  };
  const create = async (entity: CrmEntity, pick: number, extra: Fields): Promise<string> => {
    const record = { n: (made += 1), rev: 1 };
    const company = entity === 'contacts' && pick < 0.8 ? { company: chosen('companies', pick / 0.8) } : {};
    const body = { ...typed[entity](record), ...company, ...extra };
    const answer = await call(`${place.crm}/_sandbox/records/${entity}`, 'POST', body);
    const { id } = answer as { id: string };
    known[entity].set(id, record);
    return id;
  };
  const merge = async (entity: CrmEntity, id: string, other: string): Promise<string> => {
    const body = { primaryObjectId: id, objectIdToMerge: other };
    const path = `${place.crm}/crm/v3/objects/${entity}/merge`;
    const { id: into } = (await call(path, 'POST', body, place.token)) as { id: string };
    const record = known[entity].get(id) ?? { n: 0, rev: 0 };
    for (const gone of [id, other]) known[entity].delete(gone);
    known[entity].set(into, record);
    return into;
  };
  return {
    crmJournal,
    erpJournal,
    async settle(companies, contacts) {
      const before = (n: number): Fields => ({ modifiedAt: new Date(Date.now() - month + n).toISOString() });
      for (let n = 0; n < companies; n += 1) await create('companies', 0, before(n));
      for (let n = 0; n < contacts; n += 1) await create('contacts', n / contacts, before(n));
    },
    async inCrm({ deed, entity, pick, other }, lagMs) {
      const target = chosen(entity, pick);
      const partner = chosen(entity, other);
      if (target === null && deed !== 'create') return;
      if (deed === 'merge' && (target === partner || partner === null || known[entity].size < 4)) return;
      const url = `${place.crm}/_sandbox/records/${entity}/${target}`;
      const record = known[entity].get(target ?? '') ?? { n: 0, rev: 0 };
      let id = target ?? '';
      let consumed: string[] = [];
      switch (deed) {
        case 'create':
          id = await create(entity, other, {});
          break;
        case 'archive':
          await call(url, 'DELETE');
          known[entity].delete(id);
          break;
        case 'merge':
          consumed = [id, partner ?? ''];
          id = await merge(entity, id, partner ?? '');
          break;
        case 'touch':
          await call(url, 'PATCH', {});
          break;
        case 'blank':
          await call(url, 'PATCH', blank[entity]);
          break;
        default: {
          record.rev += 1;
          const moved =
            deed === 'move' && entity === 'contacts' ? { company: chosen('companies', other) } : {};
          await call(url, 'PATCH', { ...typed[entity](record), ...moved });
        }
      }
      const at = Date.now();
      crmJournal.push({ at, shownAt: at + lagMs, deed, entity, id, consumed });
    },
    async inErp({ entity, field, pick }) {
      const all = (await call(`${place.erp}/_sandbox/records/res.partner`, 'GET')) as Partner[];
      const partners = all.filter((row) => row.is_company === (entity === 'companies'));
      const partner = partners[Math.floor(pick * partners.length)];
      if (partner === undefined) return;
      const value = `by hand ${erpJournal.length}`;
      await call(`${place.erp}/_sandbox/records/res.partner/${partner.id}`, 'PATCH', { [field]: value });
      erpJournal.push({ at: Date.now(), model: 'res.partner', id: partner.id, field, value });
    },
  };
}

type Partner = { readonly id: number; readonly is_company: boolean };

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
