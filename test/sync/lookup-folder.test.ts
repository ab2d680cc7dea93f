import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EntityDescription } from '../../src/connector/contract.ts';
import { folderReader } from '../../src/sync/folder-reader.ts';
import { mappingFolder, type MappingFolder } from '../../src/sync/mapping-folder.ts';
import { beside } from '../mapping/lookup/a-lookup.ts';

const flow = `flow: accounts
read: { from: crm, entity: companies }
write: { to: erp, entity: res.partner }
fields: { name: { from: name } }
`;
const lookup = (fields: string, name = 'customer'): string => `lookup: ${name}
ask: { customer: { from: erp, entity: res.partner, by_link: accounts } }
fields: { ${fields} }
`;
const good = lookup('name: { from: customer.name }');

let folder: string;
let watched: MappingFolder;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'causeway-lookups-'));
  await mkdir(join(folder, 'lookups'));
  await save('accounts.yaml', flow);
  watched = mappingFolder(folder, folder, folderReader(beside.offers, { crm: 'a crm', erp: 'an erp' }));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const save = (name: string, text: string): Promise<void> => writeFile(join(folder, name), text);
const names = (): string[] => watched.lookups().map(({ name }) => name);
const codes = (): string[] => watched.problems().map(({ code }) => code);

describe('lookups in a mapping folder', () => {
  it('are none where there is no such folder', async () => {
    await rm(join(folder, 'lookups'), { recursive: true });
    await watched.refresh();
    expect([names(), codes()]).toEqual([[], []]);
  });

  it('are used as soon as they are saved, and gone when their file is', async () => {
    await save('lookups/customer.yaml', good);
    expect(await watched.refresh()).toBe(true);
    expect(names()).toEqual(['customer']);
    expect(await watched.refresh()).toBe(false);
    const before = watched.lookups()[0]?.hash;
    await save('lookups/customer.yaml', lookup('name: { from: customer.name }, ref: { from: customer.ref }'));
    expect(await watched.refresh()).toBe(true);
    expect(watched.lookups()[0]?.hash).not.toBe(before);
    await rm(join(folder, 'lookups/customer.yaml'));
    expect(await watched.refresh()).toBe(true);
    expect(names()).toEqual([]);
  });

  it('keep their last good version while an edit is bad, and say so', async () => {
    await save('lookups/customer.yaml', good);
    await watched.refresh();
    const before = watched.lookups();
    await save('lookups/customer.yaml', good.replace('from: customer.name', 'form: customer.name'));
    expect(await watched.refresh()).toBe(true);
    expect(watched.lookups()).toEqual(before);
    expect(codes()).toEqual(['mapping_unknown_key']);
    expect(watched.problems()[0]?.at).toMatchObject({ file: 'lookups/customer.yaml', line: 3 });
    expect(watched.stale()).toEqual(['lookups/customer.yaml']);
    await save('lookups/customer.yaml', good);
    await watched.refresh();
    expect([codes(), watched.stale()]).toEqual([[], []]);
  });

  it('keep it, too, while the flow that they go along is badly edited or gone', async () => {
    await save('lookups/customer.yaml', good);
    await watched.refresh();
    await save('accounts.yaml', flow.replace('{ from: name }', '{ form: name }'));
    await watched.refresh();
    expect([names(), codes()]).toEqual([['customer'], ['mapping_unknown_key']]);
    await save('accounts.yaml', flow.replace('flow: accounts', 'flow: others'));
    await watched.refresh();
    expect([names(), codes()]).toEqual([['customer'], ['lookup_unknown_flow']]);
  });

  it('leave a name to the file that has it now', async () => {
    await save('lookups/customer.yaml', good);
    await watched.refresh();
    await save('lookups/customer.yaml', 'lookup: [');
    await save('lookups/moved.yaml', good);
    await watched.refresh();
    expect(watched.lookups().map(({ file }) => file)).toEqual(['lookups/moved.yaml']);
  });

  it('are held against what the systems said, and asked about again where they differ', async () => {
    const partner = (...fields: string[]): EntityDescription => ({
      entity: 'res.partner',
      fields: Object.fromEntries(
        fields.map((name) => [name, { type: 'text', label: name, required: false, readOnly: false }]),
      ),
    });
    const said = (entity: EntityDescription) => ({
      described: { erp: { system: 'an erp', source: {}, sink: { 'res.partner': entity } } },
      missing: [],
    });
    await save('lookups/customer.yaml', lookup('ref: { from: customer.ref }'));
    await watched.refresh();
    watched.learn(said(partner('name')));
    expect([names(), codes()]).toEqual([[], ['mapping_unknown_source_field']]);
    expect(watched.doubtedLookups().map(({ name }) => name)).toEqual(['customer']);
    watched.learn(said(partner('name', 'ref')));
    expect([names(), codes(), watched.doubtedLookups()]).toEqual([['customer'], [], []]);
  });

  it('are refused where the system does not have the entity, unless it may be absent', async () => {
    const stock = (more: string): string => `lookup: stock
ask:
  customer: { from: erp, entity: res.partner, by_link: accounts }
  stock: { from: erp, entity: stock.quant, where: { owner_id: { record: customer } }${more} }
fields: { name: { from: customer.name } }
lines: { stock: { for_each: stock, fields: { quantity: { from: quantity } } } }
`;
    const gone = { name: 'erp', side: 'sink' as const, entity: 'stock.quant', message: 'There is no stock.' };
    await save('lookups/stock.yaml', stock(''));
    await watched.refresh();
    watched.learn({ described: {}, missing: [gone] });
    expect([names(), codes()]).toEqual([[], ['entity_not_described']]);
    expect(watched.problems()[0]).toMatchObject({ message: 'There is no stock.', at: { line: 4 } });
    await save('lookups/stock.yaml', stock(', may_be_absent: true'));
    await watched.refresh();
    expect([names(), codes()]).toEqual([['stock'], []]);
  });
});
