import { asFault } from '../connector/fault.ts';
import type { SourceRecord } from '../connector/value.ts';
import type { CompiledMapping } from '../mapping/compile.ts';
import { explainMapping, type Explanation } from '../mapping/explain.ts';
import { loadLinked, loadStandings, type Standing } from '../store/link.ts';
import { loadPayloads } from '../store/payload.ts';
import { type Decision, decideSafely } from './decide.ts';
import { payloadChanges, type FieldChange } from './payload-diff.ts';
import type { ReadingContext } from './reading.ts';

/** What would become of one record if it were delivered now. Nothing has been sent. */
export type Preview = {
  readonly flow: string;
  readonly id: string;
  /** Read from the source now, or the newest state that was mirrored, and then why. */
  readonly readFrom: 'source' | 'mirror';
  readonly mirrorReason: string | null;
  /** Source value, rule and result of each field. */
  readonly explanation: Explanation;
  readonly decision: Decision;
  readonly targetId: string | null;
  /** Against what was last delivered; null when nothing is known of that. */
  readonly changes: readonly FieldChange[] | null;
};

type PreviewContext = ReadingContext & { readonly schema: 'current' | 'missing' };

type Gone = { readonly gone: string };

/**
 * Maps one record with the present file and says how each field came about. The record is read from the source now;
 * where that is not possible, what was mirrored is taken. `gone` says that neither has it.
 */
export async function preview(
  context: PreviewContext,
  mapping: CompiledMapping,
  id: string,
  signal: AbortSignal,
): Promise<Preview | Gone> {
  const stored = context.schema === 'current' ? await standingOf(context, mapping, id) : nothingStored(id);
  const read = await readNow(context, mapping, id, signal);
  const record = read.record ?? stored.record;
  if (record === null || (read.record === null && read.missing)) return { gone: read.reason };
  const standing: Standing = { ...stored, record, deleted: false, mergedInto: null };
  const references = mapping.references(record);
  const linked =
    context.schema === 'current' ? await loadLinked(context.database, references) : (): null => null;
  const given = { linked, now: context.now().toISOString() };
  const decision = decideSafely(mapping, standing, { ...given, found: null }, () => {});
  return {
    flow: mapping.flow,
    id,
    readFrom: read.record === null ? 'mirror' : 'source',
    mirrorReason: read.record === null ? read.reason : null,
    explanation: explainMapping(mapping, record, given),
    decision,
    targetId: standing.targetId,
    changes: context.schema === 'current' ? await changesOf(context, mapping, id, decision) : null,
  };
}

async function standingOf(context: PreviewContext, mapping: CompiledMapping, id: string): Promise<Standing> {
  const stream = { connection: mapping.read.from, entity: mapping.read.entity };
  const [standing] = await loadStandings(context.database, mapping.flow, stream, [id]);
  return standing ?? nothingStored(id);
}

const nothingStored = (sourceId: string): Standing => ({
  sourceId,
  version: null,
  record: null,
  deleted: false,
  mergedInto: null,
  targetId: null,
  externalKey: null,
  state: null,
  code: null,
  reason: null,
  attempts: 0,
  requests: '0',
  fingerprint: null,
  intent: null,
  wished: false,
  mappingHash: null,
  behind: true,
  ours: false,
  traceId: null,
  due: null,
});

type ReadNow = { readonly record: SourceRecord | null; readonly missing: boolean; readonly reason: string };

async function readNow(
  context: PreviewContext,
  { read }: CompiledMapping,
  id: string,
  signal: AbortSignal,
): Promise<ReadNow> {
  const connection = context.connections.get(read.from);
  const request = { entity: read.entity, with: read.with, ids: [id] };
  try {
    const [found] = (await connection?.source?.readByIds(request, signal)) ?? [];
    if (found?.status === 'found') return { record: found.record, missing: false, reason: '' };
    const reason =
      found?.status === 'merged'
        ? `${read.from} has merged the ${read.entity} record ${id} into ${found.into}.`
        : `${read.from} has no ${read.entity} record ${id}.`;
    return { record: null, missing: true, reason };
  } catch (error) {
    signal.throwIfAborted();
    return { record: null, missing: false, reason: asFault(error).message };
  }
}

async function changesOf(
  context: PreviewContext,
  mapping: CompiledMapping,
  id: string,
  decision: Decision,
): Promise<readonly FieldChange[] | null> {
  const before = (await loadPayloads(context.database, mapping.flow, [id])).get(id);
  if (before === undefined || !('output' in decision)) return null;
  return payloadChanges(before, decision.output);
}
