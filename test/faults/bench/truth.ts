/** What the systems themselves hold at the end, in one form for all of them. */
import type { RunningSandbox } from '../../../src/connector/contract.ts';
import type { CrmRecord, ErpRecord, Truth } from './snapshot.ts';
import { call, crmEntities } from './users.ts';

type Rows = readonly { readonly [field: string]: unknown }[];

const rows = async (sandbox: RunningSandbox, entity: string): Promise<Rows> =>
  (await call(`${sandbox.url}/_sandbox/records/${entity}`, 'GET')) as Rows;

export async function crmTruth(crm: RunningSandbox): Promise<Truth['crm']> {
  const entries = crmEntities.map(
    async (entity) => [entity, (await rows(crm, entity)) as readonly CrmRecord[]] as const,
  );
  const lines = (await rows(crm, 'line_items')) as readonly CrmRecord[];
  return { ...(Object.fromEntries(await Promise.all(entries)) as Truth['crm']), line_items: lines };
}

/** `_2F` and `_u20AC` stand for the characters that an external id of Odoo cannot hold. */
export const decodedName = (name: string): string =>
  name.replaceAll(/_u([0-9A-F]{4})|_([0-9A-F]{2})/g, (_, wide: string | undefined, narrow: string) =>
    String.fromCharCode(Number.parseInt(wide ?? narrow, 16)),
  );

export async function odooTruth(odoo: RunningSandbox): Promise<ErpRecord[]> {
  const names = Map.groupBy(
    await rows(odoo, 'ir.model.data'),
    (row) => `${String(row['model'])} ${String(row['res_id'])}`,
  );
  return (await rows(odoo, 'res.partner')).map((row) => {
    const stamps = names.get(`res.partner ${String(row['id'])}`) ?? [];
    return {
      store: 'res.partner',
      id: String(row['id']),
      keys: stamps.map((stamp) => decodedName(String(stamp['name']))),
      // How the wire names it, beside its id.
      names: stamps.map((stamp) => `${String(stamp['module'])}.${String(stamp['name'])}`),
      fields: { ...row, parent: Array.isArray(row['parent_id']) ? String(row['parent_id'][0]) : null },
      lines: [],
    };
  });
}

export async function plainTruth(plain: RunningSandbox): Promise<ErpRecord[]> {
  const stores = ['customers', 'orders'].map(async (store) =>
    (await rows(plain, store)).map((row): ErpRecord => {
      const ref = row['external_ref'];
      const fields = row['fields'] as ErpRecord['fields'];
      const lines = (row['lines'] as { items?: { fields: ErpRecord['fields'] }[] }).items ?? [];
      return {
        store,
        id: String(row['id']),
        keys: typeof ref === 'string' ? [ref] : [],
        names: typeof ref === 'string' ? [ref] : [],
        fields: { ...fields, parent: fields['customer'] ?? null },
        lines: lines.map((line) => line.fields),
      };
    }),
  );
  return (await Promise.all(stores)).flat();
}
