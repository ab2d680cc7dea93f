import { countRecentDead, countRecentDeliveries, pauseFlow, readFlowPause } from '../store/flow-state.ts';
import type { Conclusion } from './conclude.ts';
import type { SyncContext } from './context.ts';
import type { Concluded } from './settle.ts';

/** So many records must have met one fault before it can be called the fault of nearly everything. */
const fewest = 20;
/** The part of all deliveries in the window that must have met it. */
const nearlyAll = 0.8;
const windowMinutes = 10;
const firstPauseMs = 15_000;
const longestPauseMs = 300_000;

type Cause = { readonly code: string; readonly field: string };

/**
 * P8: when nearly everything that was delivered of late met the same fault, no record is to blame. The flow is paused
 * with that reason before its records fill the dead letters: those of this batch stay queued, one of them is tried
 * when the time has come, and the first that does not meet the fault lets the flow go on.
 */
export async function holdSameFault(
  context: SyncContext,
  flow: string,
  batch: readonly Concluded[],
): Promise<readonly Concluded[]> {
  const cause = commonest(batch);
  if (cause === null) return batch;
  const pause = await readFlowPause(context.database, flow);
  const known = pause !== null && pause.code === 'same_fault' && pause.field === nameOf(cause);
  if (!known && !(await isNearlyEverything(context, flow, cause, batch))) return batch;
  const failures = known ? pause.failures : 0;
  const waitMs = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(failures, 10));
  const until = new Date(context.now().getTime() + waitMs);
  const one = batch.find(({ conclusion }) => meets(conclusion, cause));
  const reason = `nearly all records meet the same fault: ${one?.conclusion.reason ?? cause.code}`;
  await pauseFlow(context.database, {
    flow,
    code: 'same_fault',
    field: nameOf(cause),
    reason,
    until,
    now: context.now(),
  });
  context.log.error(
    { alarm: 'same_fault', flow, code: cause.code, field: cause.field, until },
    'nearly all records meet the same fault: the flow is paused',
  );
  return batch.map((record) =>
    meets(record.conclusion, cause)
      ? { ...record, conclusion: held(record.conclusion, reason, until) }
      : record,
  );
}

const nameOf = ({ code, field }: Cause): string => (field === '' ? code : `${code} ${field}`);

const causeOf = ({ code, fields }: Conclusion): Cause => ({
  code: code ?? '',
  field: fields[0]?.field ?? '',
});

function meets(conclusion: Conclusion, cause: Cause): boolean {
  const { code, field } = causeOf(conclusion);
  return conclusion.state === 'dead' && code === cause.code && field === cause.field;
}

/** The cause of most of a batch's dead letters, or null when it has none. */
function commonest(batch: readonly Concluded[]): Cause | null {
  const counts = new Map<string, { cause: Cause; count: number }>();
  for (const { conclusion } of batch) {
    if (conclusion.state !== 'dead') continue;
    const cause = causeOf(conclusion);
    const count = (counts.get(nameOf(cause))?.count ?? 0) + 1;
    counts.set(nameOf(cause), { cause, count });
  }
  return [...counts.values()].toSorted((a, b) => b.count - a.count)[0]?.cause ?? null;
}

async function isNearlyEverything(
  context: SyncContext,
  flow: string,
  cause: Cause,
  batch: readonly Concluded[],
): Promise<boolean> {
  const count = (fits: (conclusion: Conclusion) => boolean): number =>
    batch.filter(({ conclusion }) => fits(conclusion)).length;
  const recent = await countRecentDead(context.database, flow, cause, windowMinutes);
  const alike = recent.alike + count((conclusion) => meets(conclusion, cause));
  if (alike < fewest) return false;
  // What was not sent, because nothing differs, says nothing of the ERP: only what it took counts against.
  const others = recent.dead - recent.alike + count(({ state }) => state === 'dead');
  const here = others + count(({ delivered }) => delivered) - count((conclusion) => meets(conclusion, cause));
  const enough = Math.ceil(alike / nearlyAll - alike) + 1;
  const taken = await countRecentDeliveries(context.database, flow, windowMinutes, enough);
  return alike >= nearlyAll * (alike + here + taken);
}

/** The record stays queued and uses up no attempt; it goes behind the others, so that the next probe tries another one. */
function held(conclusion: Conclusion, reason: string, until: Date): Conclusion {
  return {
    ...conclusion,
    state: 'pending',
    code: 'same_fault',
    reason,
    disposition: { job: 'again', at: until, behind: true },
    count: 'retried',
    event: 'held',
  };
}
