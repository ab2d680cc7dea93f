import { type Fault, type FieldFault, faultTable } from '../connector/fault.ts';
import type { RecordProblem, Reference } from '../mapping/mapping.ts';
import type { LinkState, Standing } from '../store/link.ts';
import type { CountName } from '../store/run.ts';
import type { HeldBack } from './careful.ts';
import type { Decision } from './decide.ts';
import type { Result } from './push.ts';

/** What becomes of a record's job. */
export type Disposition =
  | { readonly job: 'done' }
  /** Queued again without using up an attempt; `behind` puts it behind what is more urgent than a first full read. */
  | { readonly job: 'again'; readonly at: Date; readonly behind?: true }
  /** Failed: tried again with back-off, a dead letter after the last attempt. */
  | { readonly job: 'retry' }
  | { readonly job: 'dead' };

/** What is known of a record after its decision and the sink's answer: its state, its reason, and what happens next. */
export type Conclusion = {
  readonly state: LinkState;
  readonly code: string | null;
  readonly reason: string | null;
  readonly fields: readonly FieldFault[];
  readonly targetId: string | null;
  readonly fingerprint: Buffer | null;
  readonly delivered: boolean;
  readonly disposition: Disposition;
  readonly parkFor: readonly Reference[];
  readonly count: CountName;
  /** The history event, or null where nothing happened that is worth remembering. */
  readonly event: string | null;
};

/** After so many unanswered deliveries in a row a record uses up attempts. */
const patientDoubts = 5;

export type Circumstances = {
  /** When a record that is queued again without an attempt may be taken. */
  readonly heldUntil: Date;
  /** When the look-up of a record in doubt can be trusted. */
  readonly settledAt: Date;
  readonly lastAttempt: boolean;
  /** How often in a row it was sent and not answered before. */
  readonly doubts: number;
  /** The ERP id that stood on the link before. */
  readonly targetBefore: string | null;
  readonly found: string | null;
};

/** Something is due of a record that must wait: until an instant, or (null) until a person has answered. */
export type Held = {
  readonly do: 'hold';
  readonly code: string;
  readonly reason: string;
  readonly until: Date | null;
};

const quiet = {
  code: null,
  reason: null,
  fields: [],
  fingerprint: null,
  delivered: false,
  parkFor: [],
} as const;

/** Draws the conclusion about one record. Pure. */
export function conclude(
  decision: Decision | Held,
  result: Result | null,
  circumstances: Circumstances,
): Conclusion {
  const { targetBefore, found } = circumstances;
  const known = targetBefore ?? found;
  switch (decision.do) {
    case 'unchanged':
      return {
        ...quiet,
        state: 'synced',
        targetId: decision.targetId,
        disposition: { job: 'done' },
        count: 'unchanged',
        event: null,
      };
    case 'skip':
      return {
        ...quiet,
        state: 'skipped',
        code: decision.code,
        reason: decision.reason,
        targetId: known,
        disposition: { job: 'done' },
        count: 'skipped',
        event: 'skipped',
      };
    case 'gone':
      return {
        ...quiet,
        state: 'removed',
        code: decision.code,
        reason: decision.reason,
        targetId: known,
        disposition: { job: 'done' },
        count: 'skipped',
        event: 'skipped',
      };
    case 'hold':
      return {
        ...quiet,
        state: 'pending',
        code: decision.code,
        reason: decision.reason,
        targetId: known,
        disposition: decision.until === null ? { job: 'done' } : { job: 'again', at: decision.until },
        count: decision.until === null ? 'waiting' : 'retried',
        event: decision.until === null ? 'held' : null,
      };
    case 'park':
      return {
        ...quiet,
        state: 'waiting',
        code: 'waiting',
        reason: waitsFor(decision.for),
        targetId: known,
        parkFor: decision.for,
        disposition: { job: 'done' },
        count: 'waiting',
        event: 'waiting',
      };
    case 'reject':
      return {
        ...quiet,
        state: 'dead',
        code: decision.problems[0]?.code ?? 'rejected',
        targetId: known,
        reason: refusedFor(decision.problems),
        fields: decision.problems.map(({ field, message }) => ({ field, message })),
        disposition: { job: 'dead' },
        count: 'dead',
        event: 'dead',
      };
    default:
      break;
  }
  if (result === null) throw new Error('a record that was to be sent has no result');
  if (result.status === 'failed')
    return concludeFailure(decision.do, result.fault, result.whole, circumstances);
  if (decision.do === 'remove') {
    return {
      ...quiet,
      state: 'removed',
      code: 'removed',
      reason: `${decision.reason}; ${decision.how} was done in the ERP`,
      // A deleted record has no id any more: should it come back, it is created again.
      targetId: decision.how === 'delete' ? null : result.targetId,
      disposition: { job: 'done' },
      count: 'removed',
      event: 'removed',
    };
  }
  const created = targetBefore === null;
  return {
    ...quiet,
    state: 'synced',
    targetId: result.targetId,
    fingerprint: decision.fingerprint,
    delivered: true,
    disposition: { job: 'done' },
    count: created ? 'created' : 'updated',
    event: created ? 'created' : 'updated',
  };
}

/** Nothing could be decided, because the sink did not answer the look-up: the record waits as it stands. */
export function concludeHeld(
  standing: Pick<Standing, 'targetId' | 'intent'>,
  fault: Fault,
  until: Date,
): Conclusion {
  const state = standing.intent !== null && standing.targetId === null ? 'in_doubt' : 'pending';
  return {
    ...quiet,
    state,
    code: fault.code,
    reason: fault.message,
    targetId: standing.targetId,
    disposition: { job: 'again', at: until },
    count: 'retried',
    event: 'held',
  };
}

/** Nothing may be done about it yet, so that it is not created twice. Told once in its history, however often it is asked. */
export function concludeHeldBack(
  { targetId, code: before }: Pick<Standing, 'targetId' | 'code'>,
  { state, code, reason, until }: HeldBack,
): Conclusion {
  return {
    ...quiet,
    state,
    code,
    reason,
    targetId,
    disposition: { job: 'again', at: until },
    count: 'retried',
    event: code === before ? null : 'held',
  };
}

/** Draws the conclusion about a record whose delivery, or whose look-up, failed. Pure. */
export function concludeFailure(
  doing: 'create' | 'update' | 'remove',
  fault: Fault,
  whole: boolean,
  circumstances: Circumstances,
): Conclusion {
  const rule = faultTable[fault.kind];
  const base = {
    ...quiet,
    code: fault.code,
    fields: fault.fields,
    reason: fault.message,
    targetId: circumstances.targetBefore ?? circumstances.found,
  };
  const again = (state: LinkState, at: Date): Conclusion => ({
    ...base,
    state,
    disposition: { job: 'again', at },
    count: 'retried',
    event: state === 'in_doubt' ? 'in_doubt' : 'held',
  });
  const dead: Conclusion = {
    ...base,
    state: 'dead',
    disposition: { job: 'dead' },
    count: 'dead',
    event: 'dead',
  };
  if (rule.action === 'in_doubt') {
    const state = doing === 'create' ? 'in_doubt' : 'retrying';
    // It was sent alone again and again, and others were answered: the record is at fault, not the system.
    if (circumstances.doubts >= patientDoubts) {
      if (circumstances.lastAttempt) return dead;
      return { ...base, state, disposition: { job: 'retry' }, count: 'retried', event: 'retrying' };
    }
    return again(state, doing === 'create' ? circumstances.settledAt : circumstances.heldUntil);
  }
  // What is refused for one item alone is that record's matter; for a whole call it is the connection's.
  if (rule.action === 'hold' || (whole && (rule.action === 'pause' || rule.action === 'retry'))) {
    return again('pending', circumstances.heldUntil);
  }
  if (rule.action === 'dead') return dead;
  if (rule.action === 'recreate') {
    return {
      ...dead,
      code: 'target_gone',
      reason: `the ERP record ${base.targetId ?? ''} is gone: ${fault.message}`,
    };
  }
  if (circumstances.lastAttempt) return dead;
  return { ...base, state: 'retrying', disposition: { job: 'retry' }, count: 'retried', event: 'retrying' };
}

/** Why a record was rejected, as its state says it. */
export function refusedFor(problems: readonly RecordProblem[]): string {
  return problems.map((problem) => problem.message).join('; ');
}

/** Why a record is parked, as its state says it. */
export function waitsFor(parents: readonly Reference[]): string {
  return `waits for ${parents.map((parent) => `${parent.flow} ${parent.id}`).join(' and ')}`;
}
