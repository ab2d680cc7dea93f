import type { LinesValue, Removal, SinkItem } from '../connector/contract.ts';
import type { Value } from '../connector/value.ts';
import type { LeavePolicy, Mapping, RecordProblem, Reference } from '../mapping/mapping.ts';
import type { Standing } from '../store/link.ts';
import { externalKey } from './external-key.ts';
import { fingerprint } from './fingerprint.ts';

/** What the mapping makes of a record on every delivery, whether it is created or updated. */
export type Output = Pick<SinkItem, 'fields' | 'lines'>;

/** What is to be done about one record. Pure data: nothing has happened yet. */
export type Decision =
  | {
      readonly do: 'create' | 'update';
      readonly item: SinkItem;
      /** What the fingerprint is taken of, and what is kept as the payload that was delivered. */
      readonly output: Output;
      readonly fingerprint: Buffer;
    }
  | {
      readonly do: 'remove';
      readonly targetId: string;
      readonly how: Removal;
      readonly code: string;
      readonly reason: string;
    }
  | { readonly do: 'unchanged'; readonly targetId: string; readonly output: Output }
  | { readonly do: 'skip'; readonly code: string; readonly reason: string }
  | { readonly do: 'gone'; readonly code: string; readonly reason: string }
  | { readonly do: 'park'; readonly for: readonly Reference[] }
  | { readonly do: 'reject'; readonly problems: readonly RecordProblem[] };

export type Known = {
  readonly linked: (reference: Reference) => string | null;
  /** The instant of the decision, ISO 8601 in UTC. */
  readonly now: string;
  /** The ERP id that a look-up by external key has found for a record in doubt, else null. */
  readonly found: string | null;
};

/**
 * Decides about one record from what is known of it: the mirror, the link, the mapping and the look-up.
 * Throws nothing and touches nothing.
 */
export function decide(mapping: Mapping, standing: Standing, known: Known): Decision {
  const targetId = standing.targetId ?? known.found;
  if (standing.mergedInto !== null) {
    const reason = standing.code === 'merged' ? standing.reason : null;
    return { do: 'gone', code: 'merged', reason: reason ?? `was merged into ${standing.mergedInto}` };
  }
  if (standing.deleted)
    return leave(mapping.whenDeleted, standing, targetId, 'deleted', 'was deleted in the source');
  if (standing.record === null) {
    return { do: 'gone', code: 'not_in_source', reason: 'is not known in the source' };
  }
  const ending = mapping.run(standing.record, known);
  if (ending.kind === 'rejected') return { do: 'reject', problems: ending.problems };
  if (ending.kind === 'waiting') return { do: 'park', for: ending.for };
  if (ending.kind === 'skipped') {
    if (targetId === null || ending.code !== 'only_when')
      return { do: 'skip', code: ending.code, reason: ending.reason };
    return leave(mapping.whenItLeaves, standing, targetId, ending.code, ending.reason);
  }
  return deliver(mapping, standing, known.found, ending);
}

/** Decides; a mapping that crashes on one record rejects that record, and is no matter of its neighbours. */
export function decideSafely(
  mapping: Mapping,
  standing: Standing,
  known: Known,
  onCrash: (error: unknown) => void,
): Decision {
  try {
    return decide(mapping, standing, known);
  } catch (error) {
    onCrash(error);
    const message = `the mapping crashed: ${error instanceof Error ? error.message : 'unknown error'}`;
    return { do: 'reject', problems: [{ code: 'mapping_crashed', field: '', message }] };
  }
}

function deliver(
  mapping: Mapping,
  standing: Standing,
  found: string | null,
  output: {
    fields: { readonly [field: string]: Value };
    lines: { readonly [field: string]: LinesValue };
    createOnly: readonly string[];
    updateOnly: readonly string[];
  },
): Decision {
  const without = (left: readonly string[]): Output['fields'] =>
    Object.fromEntries(Object.entries(output.fields).filter(([field]) => !left.includes(field)));
  const lasting = without(output.createOnly);
  const lastingOutput: Output = { fields: lasting, lines: output.lines };
  // Taken of what an update would send, so that nothing is sent right after a create just for a field of updates. Which
  // these are is part of it: such a field that is written always from now on was never sent.
  const { updateOnly } = output;
  const print = fingerprint(updateOnly.length === 0 ? lastingOutput : { ...lastingOutput, updateOnly });
  const itemOf = (targetId: string | null, fields: Output['fields']): SinkItem => ({
    id: standing.sourceId,
    externalKey: standing.externalKey ?? externalKey(mapping, standing.sourceId),
    targetId,
    fields,
    lines: output.lines,
  });
  if (standing.targetId !== null) {
    if (standing.fingerprint?.equals(print))
      return { do: 'unchanged', targetId: standing.targetId, output: lastingOutput };
    const item = itemOf(standing.targetId, lasting);
    return { do: 'update', item, output: lastingOutput, fingerprint: print };
  }
  if (found === null) {
    const item = itemOf(null, without(updateOnly));
    const sent = { ...lastingOutput, fields: without([...output.createOnly, ...updateOnly]) };
    return { do: 'create', item, output: sent, fingerprint: print };
  }
  // Found after a create that was not answered: how much of it was written is not known, so it is written again. It
  // is still that create which is being finished, and fields of updates wait for the first change.
  const item = itemOf(found, without([...output.createOnly, ...updateOnly]));
  return { do: 'update', item, output: { ...lastingOutput, fields: item.fields }, fingerprint: print };
}

function leave(
  policy: LeavePolicy,
  { state, code: before, reason: told, targetId: linked, ours }: Standing,
  targetId: string | null,
  code: string,
  reason: string,
): Decision {
  if (targetId === null) return { do: 'gone', code, reason };
  // What was done once in the ERP is not done again because the record changes in the source.
  if (state === 'removed' && before === 'removed')
    return { do: 'gone', code: before, reason: told ?? reason };
  if (policy === 'keep') return { do: 'skip', code, reason: `${reason}; the ERP record ${targetId} is kept` };
  // What was found after a create of ours that was not answered is ours, too.
  if (linked !== null && !ours) {
    const stays = `the ERP record ${targetId} stays, because Causeway did not create it`;
    return {
      do: 'skip',
      code: 'not_created_here',
      reason: `${reason}; ${stays}: a person must decide about it`,
    };
  }
  return { do: 'remove', targetId, how: policy, code, reason };
}
