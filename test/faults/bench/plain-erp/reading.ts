import { z } from 'zod';
import type {
  CheckResult,
  EntityDescription,
  FieldDescription,
  Found,
  LinesFound,
  LinesRequest,
} from '../../../../src/connector/contract.ts';
import type { SourceRecord, Value } from '../../../../src/connector/value.ts';
import type { PlainClient } from './client.ts';

const values = z.record(z.string(), z.json());
const record = z.object({
  id: z.string(),
  external_ref: z.string().nullable(),
  modified_at: z.string(),
  fields: values,
  lines: z.record(z.string(), z.array(z.object({ key: z.string(), fields: values }))),
});
type PlainRecord = z.output<typeof record>;
const records = z.object({ records: z.array(record) });

/** So many keys or ids at a time keep the address of a request short enough for any server. */
const namesAtATime = 100;

export async function check(client: PlainClient, signal: AbortSignal): Promise<CheckResult> {
  const about = z.object({ company: z.string(), version: z.string() });
  const { company, version } = await client.read('/about', {}, about, signal);
  return { identity: `plain-erp:${company}`, version };
}

export async function describe(
  client: PlainClient,
  entity: string,
  signal: AbortSignal,
): Promise<EntityDescription> {
  const answer = z.object({ fields: z.array(z.object({ name: z.string(), label: z.string() })) });
  const { fields } = await client.read(`/fields/${encodeURIComponent(entity)}`, {}, answer, signal);
  return {
    entity,
    fields: Object.fromEntries(
      fields.map(({ name, label }): [string, FieldDescription] => [
        name,
        { type: 'text', label, required: false, readOnly: false },
      ]),
    ),
  };
}

export async function readByIds(
  client: PlainClient,
  { entity, ids, fields }: { entity: string; ids: readonly string[]; fields: readonly string[] },
  signal: AbortSignal,
): Promise<Found[]> {
  const found = new Map((await ask(client, entity, 'ids', ids, signal)).map((row) => [row.id, row]));
  return ids.map((id): Found => {
    const row = found.get(id);
    if (row === undefined) return { id, status: 'missing' };
    const asked = fields.map((name): [string, Value] => [name, inTexts(row.fields[name] ?? null)]);
    return { id, status: 'found', modifiedAt: row.modified_at, record: Object.fromEntries(asked) };
  });
}

export async function readLines(
  client: PlainClient,
  { entity, field, fields, items }: LinesRequest,
  signal: AbortSignal,
): Promise<LinesFound[]> {
  const ids = [...new Set(items.map(({ targetId }) => targetId))];
  const found = new Map((await ask(client, entity, 'ids', ids, signal)).map((row) => [row.id, row]));
  return items.map(({ targetId, keys }) => ({
    targetId,
    lines: (found.get(targetId)?.lines[field] ?? []).map((line) => ({
      key: keys.includes(line.key) ? line.key : null,
      record: Object.fromEntries(fields.map((name) => [name, inTexts(line.fields[name] ?? null)])),
    })),
  }));
}

/** Where several records carry one reference, the oldest is the one that counts. */
export async function findByExternalKey(
  client: PlainClient,
  { entity, keys }: { entity: string; keys: readonly string[] },
  signal: AbortSignal,
): Promise<{ key: string; targetId: string }[]> {
  const oldest = new Map<string, string>();
  for (const { id, external_ref: key } of await ask(client, entity, 'external_ref', keys, signal)) {
    const known = key === null ? undefined : oldest.get(key);
    if (key !== null && (known === undefined || Number(id) < Number(known))) oldest.set(key, id);
  }
  return [...oldest].map(([key, targetId]) => ({ key, targetId }));
}

async function ask(
  client: PlainClient,
  entity: string,
  by: 'ids' | 'external_ref',
  names: readonly string[],
  signal: AbortSignal,
): Promise<PlainRecord[]> {
  const path = `/records/${encodeURIComponent(entity)}`;
  const found: PlainRecord[] = [];
  for (let start = 0; start < names.length; start += namesAtATime) {
    const asked = names.slice(start, start + namesAtATime).map((name) => encodeURIComponent(name));
    found.push(...(await client.read(path, { [by]: asked.join(',') }, records, signal)).records);
  }
  return found;
}

function inTexts(value: unknown): Value {
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value)) return value.map(inTexts);
  if (value === null || typeof value !== 'object') return value as Value;
  const inner = Object.entries(value).map(([name, one]): [string, Value] => [name, inTexts(one)]);
  return Object.fromEntries(inner) satisfies SourceRecord;
}
