import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readMappings } from '../../src/mapping/read.ts';
import { mappingFolder, type MappingFolder } from '../../src/sync/mapping-folder.ts';

const text = `flow: accounts
read: { from: crm, entity: companies }
write: { to: erp, entity: res.partner }
fields: { name: { from: name } }
also:
  delivery:
    write: { entity: res.partner }
    fields: { parent_id: { reference: accounts, from: id } }
`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'causeway-mappings-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const watch = (): MappingFolder =>
  mappingFolder(folder, folder, (texts) => ({
    ...readMappings(texts.mappings, texts.valueFiles),
    doubted: [],
    lookups: [],
    doubtedLookups: [],
    described: {},
  }));
const save = (changed: string): Promise<void> => writeFile(join(folder, 'accounts.yaml'), changed);

describe('a file with two flows', () => {
  it('gives both, the one that the other refers to first', async () => {
    await save(text);
    const watched = watch();
    await watched.refresh();
    expect(watched.current().map(({ flow }) => flow)).toEqual(['accounts', 'accounts.delivery']);
  });

  it('keeps the last good version of both when one of them is edited badly', async () => {
    await save(text);
    const watched = watch();
    await watched.refresh();
    const before = watched.current();
    for (const bad of [
      text.replace('reference: accounts', 'reference: acounts'),
      text.replace('{ from: name }', '{ form: name }'),
    ]) {
      await save(bad);
      await watched.refresh();
      expect(watched.problems()).toHaveLength(1);
      expect(watched.current()).toEqual(before);
    }
    await save(text.slice(0, text.indexOf('also:')));
    await watched.refresh();
    expect(watched.current().map(({ flow }) => flow)).toEqual(['accounts']);
  });
});
