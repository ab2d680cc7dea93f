import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Fault } from '../../src/connector/fault.ts';
import { describedText } from '../../src/mapping/described.ts';
import { readMappings } from '../../src/mapping/read.ts';
import { compileRecordCondition } from '../../src/mapping/record-condition.ts';
import { lastUsedVersions, readMappingVersion } from '../../src/store/mapping-version.ts';
import {
  askInDoubt,
  describedNow,
  joinProblems,
  judgeByDescriptions,
  mergeDescribed,
} from '../../src/sync/descriptions.ts';
import { mappingFolder, type MappingFolder } from '../../src/sync/mapping-folder.ts';
import { preview } from '../../src/sync/preview.ts';
import { resyncChosen } from '../../src/sync/resync-chosen.ts';
import { readDescribed } from '../../src/mapping/described.ts';
import { carriedBy, carriedInBatches, customers } from './edited-mapping.ts';
import { closeAll, explained, names, once, stateOf } from './setting.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'causeway-mappings-'));
});
afterEach(async () => {
  await closeAll();
  await rm(folder, { recursive: true, force: true });
});

const never = new AbortController().signal;
const systems = { crm: 'memory', erp: 'memory' };

/** A watched folder that is judged as the program does. */
const watched = (): MappingFolder =>
  mappingFolder(folder, folder, (texts, learnt) => {
    const read = readMappings(texts.mappings, texts.valueFiles);
    const { described } = readDescribed(texts.described);
    const now = describedNow(mergeDescribed(described, learnt.described), systems);
    const judged = judgeByDescriptions(
      read.mappings,
      { described: now, missing: learnt.missing },
      read.mappings,
    );
    return {
      mappings: judged.good,
      doubted: judged.doubted,
      lookups: [],
      doubtedLookups: [],
      described: now,
      problems: joinProblems(read.problems, [
        ...judged.problems,
        ...judgeByDescriptions(read.unsound, { described: now, missing: [] }, []).problems,
      ]),
    };
  });

const save = (name: string, text: string): Promise<void> => writeFile(join(folder, name), text);
const file = (fields: string): string =>
  `flow: customers\nread: { from: crm, entity: companies }\nwrite: { to: erp, entity: res.partner }\nfields: { ${fields} }\n`;
const field = (type: 'text' | 'decimal') => ({ type, label: '', required: false, readOnly: false });
const description = (entity: string, ...fields: string[]) => ({
  [entity]: { entity, fields: Object.fromEntries(fields.map((name) => [name, field('text')])) },
});
const described = (system: string, ...fields: string[]) => ({
  crm: { system, source: description('companies', ...fields), sink: {} },
});

describe('an edit of a mapping', () => {
  it('is used by the next batch, in the middle of a run', async () => {
    const before = customers('name: { from: name }');
    const after = customers('name: { template: "{name} Ltd" }');
    const edited = await carriedInBatches(1, [before]);
    for (const id of ['a', 'b', 'c', 'd']) edited.source.put(id, { name: id });
    edited.sink.after = once(() => edited.edit(after));
    await edited.journey.carry();
    const [first, ...others] = names(edited.sink).map(String);
    expect([first?.endsWith(' Ltd'), others.map((name) => name.endsWith(' Ltd'))]).toEqual([
      false,
      [true, true, true],
    ]);
    const last = String(others[0]).charAt(0);
    const { history } = (await explained(edited.journey, last)) ?? { history: [] };
    const version = await readMappingVersion(edited.journey.context.database, history[0]?.mappingHash ?? '');
    expect(version?.text).toContain('{name} Ltd');
  });

  it('that is bad keeps the last good version, says so, and a good one takes its place', async () => {
    await save('customers.yaml', file('name: { from: name }'));
    const files = watched();
    expect(await files.refresh()).toBe(true);
    const [good] = files.current();
    await save('customers.yaml', file('name: { form: name }'));
    expect(await files.refresh()).toBe(true);
    expect(files.current()).toEqual([good]);
    expect(files.stale()).toEqual(['customers.yaml']);
    expect(files.problems().map(({ code }) => code)).toContain('mapping_unknown_key');
    expect(await files.refresh()).toBe(false);
    await save('customers.yaml', file('name: { from: name, max: 9 }'));
    expect(await files.refresh()).toBe(true);
    expect([files.stale(), files.problems()]).toEqual([[], []]);
  });

  it('that is bad keeps the last good version across a restart, with the value files of that day', async () => {
    const text = `${file('city: { from: city, map: cities }')}value_maps: { cities: { file: values/cities.csv } }\n`;
    const { mappings } = readMappings(
      [{ path: 'customers.yaml', text }],
      [{ path: 'values/cities.csv', text: 'from,to\nBerlin,BE\n' }],
    );
    const edited = await carriedBy(...mappings);
    edited.source.put('a', { city: 'Berlin' });
    await edited.journey.carry();
    await save('customers.yaml', 'flow: customers\nfields: [\n');
    const files = watched();
    await files.refresh();
    expect(files.current()).toEqual([]);
    files.recall(await lastUsedVersions(edited.journey.context.database));
    expect(files.stale()).toEqual(['customers.yaml']);
    const ending = files.current()[0]?.run({ city: 'Berlin' }, { linked: () => null, now: '' });
    expect(ending).toMatchObject({ kind: 'record', fields: { city: 'BE' } });
  });
});

describe('a new file that is at odds with a good one', () => {
  it('does not keep the good one from going on after a restart', async () => {
    const good = file('name: { from: name }');
    const { mappings } = readMappings([{ path: 'customers.yaml', text: good }], []);
    const edited = await carriedBy(...mappings);
    edited.source.put('a', { name: 'A' });
    await edited.journey.carry();
    await save('customers.yaml', good);
    await save('customers copy.yaml', good);
    const files = watched();
    await files.refresh();
    expect(files.problems().map(({ code }) => code)).toContain('mapping_duplicate_flow');
    files.recall(await lastUsedVersions(edited.journey.context.database));
    expect(files.current().map(({ file: path }) => path)).toEqual(['customers.yaml']);
  });

  it('may be a folder, which is no mapping', async () => {
    await save('customers.yaml', file('name: { from: name }'));
    await mkdir(join(folder, 'more.yaml'));
    const files = watched();
    await files.refresh();
    expect([files.current().length, files.problems()]).toEqual([1, []]);
  });
});

describe('a mapping that names a field which the source does not have', () => {
  it('is refused by what was described of that system, without asking it', async () => {
    await save('described.json', describedText(described('memory', 'name')));
    await save('customers.yaml', file('name: { from: nmae }'));
    const files = watched();
    await files.refresh();
    expect(files.current()).toEqual([]);
    expect(files.problems()).toMatchObject([
      {
        code: 'mapping_unknown_source_field',
        message: 'companies has no field `nmae`; did you mean `name`?',
        at: { file: 'customers.yaml', line: 4, column: 25 },
      },
    ]);
  });

  it('is not judged by what another system was described as', async () => {
    await save('described.json', describedText(described('another', 'name')));
    await save('customers.yaml', file('name: { from: nmae }'));
    const files = watched();
    await files.refresh();
    expect([files.current().length, files.problems()]).toEqual([1, []]);
  });

  it('is taken when the system says that it has the field by now', async () => {
    await save('described.json', describedText(described('memory', 'name')));
    await save('customers.yaml', file('name: { from: brand_new }'));
    const files = watched();
    await files.refresh();
    const { journey, source, sink } = await carriedBy(customers('name: { from: name }'));
    source.describe = async (entity) => ({ entity, fields: { brand_new: field('text') } });
    sink.describe = async (entity) => ({ entity, fields: { name: field('text') } });
    journey.context.verified.add('crm').add('erp');
    expect(await askInDoubt(journey.context, files, systems, never)).toBe(true);
    expect([files.current().length, files.problems()]).toEqual([1, []]);
  });
});

describe('a file with a problem', () => {
  it('is held against what is described as well, so that all its problems are told at once', async () => {
    await save('described.json', describedText(described('memory', 'name')));
    await save('customers.yaml', file('name: { from: nmae }, city: { from: name, scale: 2 }'));
    const files = watched();
    await files.refresh();
    expect(files.problems().map(({ code, at }) => [code, at?.column])).toEqual([
      ['mapping_unknown_source_field', 25],
      ['mapping_conflict', 53],
    ]);
  });
});

describe('a field that the ERP calls read-only', () => {
  it('is told, and does not hold the flow back', async () => {
    const erp = { system: 'memory', source: {}, sink: description('res.partner', 'name') };
    Object.assign(erp.sink['res.partner']?.fields['name'] ?? {}, { readOnly: true });
    await save('described.json', describedText({ erp }));
    await save('customers.yaml', file('name: { from: name }'));
    const files = watched();
    await files.refresh();
    expect(files.problems().map(({ code }) => code)).toEqual(['mapping_read_only_field']);
    expect([files.current().length, files.stale()]).toEqual([1, []]);
  });
});

describe('an entity that was never described', () => {
  it('is held against nothing at the start of a run, if the system has it', async () => {
    await save('customers.yaml', file('name: { from: nmae }'));
    const files = watched();
    await files.refresh();
    const { journey, source, sink } = await carriedBy(customers('name: { from: name }'));
    source.describe = async (entity) => ({ entity, fields: { name: field('text') } });
    sink.describe = async (entity) => ({ entity, fields: { name: field('text') } });
    journey.context.verified.add('crm').add('erp');
    expect(await askInDoubt(journey.context, files, systems, never)).toBe(false);
    expect(files.current()).toHaveLength(1);
  });
});

describe('an entity that a system does not have', () => {
  it('is told at its place and holds up its own flow alone', async () => {
    await save('customers.yaml', file('name: { from: name }'));
    await save(
      'others.yaml',
      file('name: { from: name }').replace('customers', 'others').replace('companies', 'componies'),
    );
    const files = watched();
    await files.refresh();
    expect(files.current()).toHaveLength(2);
    const { journey, source } = await carriedBy(customers('name: { from: name }'));
    source.describe = async (entity) => {
      if (entity === 'companies') return { entity, fields: { name: field('text') } };
      throw new Fault({ kind: 'config', code: 'memory_unknown', message: `there is no ${entity}` });
    };
    journey.context.verified.add('crm');
    expect(await askInDoubt(journey.context, files, systems, never)).toBe(true);
    expect(files.current().map(({ flow }) => flow)).toEqual(['customers']);
    expect(files.problems()).toMatchObject([
      {
        code: 'entity_not_described',
        message: 'there is no componies.',
        at: { file: 'others.yaml', line: 2, column: 28 },
      },
    ]);
  });
});

describe('a preview', () => {
  it('reads the record from the source now, and says of each field how it came about', async () => {
    const mapping = customers(
      'name: { from: name, max: 3, too_long: cut }\nup: { reference: customers, from: up }',
    );
    const { source, sink, journey, reading } = await carriedBy(mapping);
    source.put('a', { name: 'Alfreds', up: null });
    await journey.carry();
    source.put('a', { name: 'Bottom', up: 'b' });
    sink.batches.length = 0;
    const found = await preview({ ...reading, schema: 'current' }, mapping, 'a', never);
    expect(found).toMatchObject({
      readFrom: 'source',
      decision: { do: 'park', for: [{ flow: 'customers', id: 'b' }] },
      explanation: {
        fields: [
          { field: 'name', source: 'Bottom', result: { kind: 'value', value: 'Bot' } },
          { field: 'up', source: 'b', result: { kind: 'waiting' } },
        ],
      },
    });
    expect(sink.batches).toEqual([]);
    expect(await stateOf(journey, 'a')).toBe('synced');
  });

  it('takes what was mirrored when the source does not answer, and says so', async () => {
    const mapping = customers('name: { from: name }');
    const { source, journey, reading } = await carriedBy(mapping);
    source.put('a', { name: 'Alfreds' });
    await journey.carry();
    source.readByIds = async () => {
      throw new Error('no line');
    };
    expect(await preview({ ...reading, schema: 'current' }, mapping, 'a', never)).toMatchObject({
      readFrom: 'mirror',
      decision: { do: 'unchanged' },
      changes: [],
    });
  });

  it('says that the source does not have the record', async () => {
    const mapping = customers('name: { from: name }');
    const { reading } = await carriedBy(mapping);
    expect(await preview({ ...reading, schema: 'current' }, mapping, 'x', never)).toEqual({
      gone: 'crm has no companies record x.',
    });
  });
});

describe('a resync of chosen records', () => {
  it('sends those of which a condition is true, and counts those on which it does not work out', async () => {
    const mapping = customers('name: { from: name }');
    const { source, sink, journey } = await carriedBy(mapping);
    for (const [id, size] of [
      ['a', '5'],
      ['b', '50'],
      ['c', 'big'],
    ] as const)
      source.put(id, { name: id, size });
    await journey.carry();
    sink.batches.length = 0;
    const condition = compileRecordCondition('decimal(size) > 10');
    if (!('holds' in condition)) throw new Error('not sound');
    const choice = { by: 'condition', condition } as const;
    expect(await resyncChosen(journey.context, mapping, choice, () => {}, never)).toEqual({
      queued: ['b'],
      unknown: [],
      undecided: 1,
    });
    await journey.carry();
    expect(sink.batches.flat().map(({ id }) => id)).toEqual(['b']);
  });

  it('sends those that changed in the source since an instant', async () => {
    const mapping = customers('name: { from: name }');
    const { source, journey } = await carriedBy(mapping);
    source.put('a', { name: 'a' }, '2026-01-01T00:00:00Z');
    source.put('b', { name: 'b' }, '2026-01-02T00:00:00Z');
    await journey.carry();
    const choice = { by: 'since', since: new Date('2026-01-02T00:00:00Z') } as const;
    const { queued } = await resyncChosen(journey.context, mapping, choice, () => {}, never);
    expect(queued).toEqual(['b']);
  });
});
