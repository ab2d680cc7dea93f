import type { Sink } from '../connector/contract.ts';
import { asFault, type Fault } from '../connector/fault.ts';
import type { Mapping } from '../mapping/mapping.ts';
import type { Standing } from '../store/link.ts';
import { externalKey } from './external-key.ts';
import { causedByARecord } from './push.ts';

/** What the look-up of a batch gave: the ERP ids by source id, and the records whose own look-up was refused. */
export type LookedUp =
  | {
      readonly fault: null;
      readonly found: ReadonlyMap<string, string>;
      readonly refused: ReadonlyMap<string, Fault>;
    }
  | { readonly fault: Fault };

/**
 * Finds out by external key which of these records the ERP holds, before anything is sent. A look-up that is refused
 * because of one key is made for each key alone, so that the others are found.
 */
export async function lookUpDoubtful(
  sink: Sink,
  mapping: Mapping,
  doubtful: readonly Standing[],
  signal: AbortSignal,
): Promise<LookedUp> {
  if (doubtful.length === 0) return { fault: null, found: new Map(), refused: new Map() };
  try {
    return { fault: null, found: await lookUp(sink, mapping, doubtful, signal), refused: new Map() };
  } catch (error) {
    signal.throwIfAborted();
    const fault = asFault(error);
    if (!causedByARecord.has(fault.kind)) return { fault };
    return lookUpOneByOne(sink, mapping, doubtful, signal);
  }
}

async function lookUpOneByOne(
  sink: Sink,
  mapping: Mapping,
  doubtful: readonly Standing[],
  signal: AbortSignal,
): Promise<LookedUp> {
  const found = new Map<string, string>();
  const refused = new Map<string, Fault>();
  for (const standing of doubtful) {
    try {
      for (const [id, targetId] of await lookUp(sink, mapping, [standing], signal)) found.set(id, targetId);
    } catch (error) {
      signal.throwIfAborted();
      const fault = asFault(error);
      if (!causedByARecord.has(fault.kind)) return { fault };
      refused.set(standing.sourceId, fault);
    }
  }
  return { fault: null, found, refused };
}

async function lookUp(
  sink: Sink,
  mapping: Mapping,
  doubtful: readonly Standing[],
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const keyOf = (s: Standing): string => s.externalKey ?? externalKey(mapping, s.sourceId);
  const keys = doubtful.map(keyOf);
  const answers = await sink.findByExternalKey({ entity: mapping.write.entity, keys }, signal);
  const byKey = new Map(answers.map((answer) => [answer.key, answer.targetId]));
  return new Map(
    doubtful.flatMap((s): [string, string][] => {
      const targetId = byKey.get(keyOf(s));
      return targetId === undefined ? [] : [[s.sourceId, targetId]];
    }),
  );
}
