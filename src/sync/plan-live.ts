import type { EntityDescription, LinesFound } from '../connector/contract.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { loadPayloads, type Payload } from '../store/payload.ts';
import { externalKey } from './external-key.ts';
import { liveChanges, liveLineChanges, readLive } from './live-values.ts';
import type { FieldChange } from './payload-diff.ts';
import type { PlannedRecord } from './plan.ts';
import type { ReadingConnection, ReadingContext, ReadingSink } from './reading.ts';

/** The ERP to compare with. */
export type Live = { readonly connection: ReadingConnection; readonly sink: ReadingSink };

/** What the ERP record of a source record should hold. */
export type Output = {
  readonly id: string;
  readonly targetId: string;
  readonly key: string;
  readonly output: Payload;
};

/**
 * What differs between the mapped output and what the ERP holds now, for every record of a page that is there: field
 * by field, and line by line under the keys that are mapped or were delivered. `missing` where the ERP has it no more.
 */
export async function liveChangesOfPage(
  context: Pick<ReadingContext, 'database'>,
  live: Live,
  mapping: Mapping,
  description: EntityDescription,
  page: readonly PlannedRecord[],
  signal: AbortSignal,
): Promise<Map<string, readonly FieldChange[] | 'missing'>> {
  const outputs = outputsOf(mapping, page);
  const ids = outputs.map(({ id }) => id);
  const delivered = await loadPayloads(context.database, mapping.flow, ids);
  const found = await liveDifferences(live, mapping, description, outputs, delivered, signal);
  return new Map([...found].map(([id, differs]) => [id, differs === 'missing' ? differs : differs.changes]));
}

/** How an ERP record differs from what it should hold, and who changed it last where the ERP says so. */
export type LiveDifference = {
  readonly changes: readonly FieldChange[];
  readonly changedAt: string;
  readonly changedBy: string | null;
};

/** What ERP records hold now against what they should hold, by source id; `missing` where the ERP has none. */
export async function liveDifferences(
  { connection, sink }: Live,
  mapping: Mapping,
  description: EntityDescription,
  outputs: readonly Output[],
  delivered: ReadonlyMap<string, Payload>,
  signal: AbortSignal,
): Promise<Map<string, LiveDifference | 'missing'>> {
  const found = new Map<string, LiveDifference | 'missing'>();
  for (let from = 0; from < outputs.length; from += connection.limits.batch) {
    const batch = outputs.slice(from, from + connection.limits.batch);
    const fields = [...new Set(batch.flatMap(({ output }) => Object.keys(output.fields)))];
    const targets = batch.map(({ targetId }) => targetId);
    const records = await readLive(sink, { entity: mapping.write.entity, ids: targets, fields }, signal);
    const lines = await readLines(sink, mapping, batch, delivered, signal);
    for (const { id, targetId, output } of batch) {
      const held = records.get(targetId);
      if (held === undefined) {
        found.set(id, 'missing');
        continue;
      }
      const changes = [
        ...liveChanges(output.fields, held.record, description.fields),
        ...Object.entries(output.lines).flatMap(([field, value]) =>
          liveLineChanges(field, value, lines.get(field)?.get(targetId) ?? [], description.fields[field]),
        ),
      ];
      found.set(id, { changes, changedAt: held.modifiedAt, changedBy: held.modifiedBy ?? null });
    }
  }
  return found;
}

function outputsOf(mapping: Mapping, page: readonly PlannedRecord[]): Output[] {
  return page.flatMap(({ id, targetId, decision, standing }) =>
    targetId !== null && (decision.do === 'update' || decision.do === 'unchanged')
      ? [{ id, targetId, key: standing.externalKey ?? externalKey(mapping, id), output: decision.output }]
      : [],
  );
}

/** Lines by field and ERP record. Those that were delivered are asked for as well: they may still be there. */
async function readLines(
  sink: ReadingSink,
  mapping: Mapping,
  batch: readonly Output[],
  delivered: ReadonlyMap<string, Payload>,
  signal: AbortSignal,
): Promise<Map<string, Map<string, LinesFound['lines']>>> {
  const lists = new Set(batch.flatMap(({ output }) => Object.keys(output.lines)));
  const found = new Map<string, Map<string, LinesFound['lines']>>();
  for (const field of lists) {
    const rowsOf = (payload: Payload | undefined) => payload?.lines[field]?.rows ?? [];
    const items = batch
      .filter(({ output }) => Object.hasOwn(output.lines, field))
      .map(({ id, targetId, key, output }) => ({
        targetId,
        externalKey: key,
        keys: [...new Set([...rowsOf(output), ...rowsOf(delivered.get(id))].map((row) => row.key))],
      }));
    const fields = [
      ...new Set(batch.flatMap(({ output }) => rowsOf(output).flatMap((row) => Object.keys(row.fields)))),
    ];
    const answers = await sink.readLines({ entity: mapping.write.entity, field, fields, items }, signal);
    found.set(field, new Map(answers.map(({ targetId, lines }) => [targetId, lines])));
  }
  return found;
}
