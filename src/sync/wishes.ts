import type { Sink } from '../connector/contract.ts';
import type { SourceRecord, Value } from '../connector/value.ts';
import type { Mapping } from '../mapping/mapping.ts';
import type { Standing } from '../store/link.ts';
import type { Held } from './conclude.ts';
import type { Decision } from './decide.ts';
import type { Result } from './push.ts';

type Delivered = { readonly standing: Standing; readonly decision: Decision | Held };

/** The values to write back on the CRM records, read from the ERP in one call where the id alone is not asked for. */
export async function readWriteBacks(
  sink: Sink,
  mapping: Mapping,
  passengers: readonly Delivered[],
  results: ReadonlyMap<string, Result>,
  signal: AbortSignal,
): Promise<Map<string, { readonly [field: string]: Value }>> {
  const wishes = new Map<string, { readonly [field: string]: Value }>();
  if (mapping.writeBack.length === 0) return wishes;
  const unwritten = passengers.flatMap(({ standing, decision }) => {
    const result = results.get(standing.sourceId);
    const written = result?.status === 'created' || result?.status === 'updated' ? result.targetId : null;
    const targetId = decision.do === 'unchanged' ? decision.targetId : written;
    const wanted = !standing.wished || standing.targetId !== targetId;
    return targetId !== null && wanted ? [{ sourceId: standing.sourceId, targetId }] : [];
  });
  const fields = mapping.writeBack.map(({ from }) => from).filter((field) => field !== 'id');
  const records = await readFields(
    sink,
    mapping.write.entity,
    unwritten.map(({ targetId }) => targetId),
    fields,
    signal,
  );
  for (const { sourceId, targetId } of unwritten) {
    const record = records.get(targetId);
    const values = mapping.writeBack.flatMap(({ field, from }): [string, Value][] => {
      const value = from === 'id' ? targetId : record?.[from];
      return value === undefined ? [] : [[field, value]];
    });
    if (values.length > 0) wishes.set(sourceId, Object.fromEntries(values));
  }
  return wishes;
}

async function readFields(
  sink: Sink,
  entity: string,
  ids: readonly string[],
  fields: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, SourceRecord>> {
  if (fields.length === 0 || ids.length === 0) return new Map();
  try {
    const found = await sink.readByIds({ entity, ids, fields }, signal);
    return new Map(
      found.flatMap((answer): [string, SourceRecord][] =>
        answer.status === 'found' ? [[answer.id, answer.record]] : [],
      ),
    );
  } catch {
    signal.throwIfAborted();
    // The record is delivered all the same; its write-back is made up for by the sweep.
    return new Map();
  }
}
