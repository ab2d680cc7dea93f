import type { CallbackStanding } from '../store/callback.ts';
import type { RequestedRecord } from '../store/resync-item.ts';
import type { RequestOutcome, RequestState, ResyncRequest, WantedRecords } from '../store/resync-request.ts';

/** A resync that was asked for, as its asker is told. */
export type RequestReport = {
  readonly id: string;
  readonly flow: string;
  readonly state: RequestState;
  /** A sentence on how it stands. */
  readonly message: string;
  /** What was asked for; of ids, how many. */
  readonly choice: string;
  readonly counts: ResyncRequest['counts'];
  /** Records on which the condition does not work out; they are not chosen. */
  readonly undecided: number;
  /** Whether all records are chosen: while they are not, `counts.asked` grows. */
  readonly chosen: boolean;
  /** Of a request that was cancelled: how many records could not be taken back. */
  readonly notCancelled: number | null;
  readonly askedAt: Date;
  readonly finishedAt: Date | null;
};

/** What is told of a request. Holds no payload, and not where the callback goes. */
export function requestReport(request: ResyncRequest): RequestReport {
  const { id, flow, state, counts, undecided, notCancelled, askedAt, finishedAt } = request;
  return {
    id,
    flow,
    state,
    message: messageOf(request),
    choice: choiceInWords(request.choice),
    counts,
    undecided,
    chosen: request.chosenAt !== null,
    notCancelled,
    askedAt,
    finishedAt,
  };
}

export function choiceInWords(choice: WantedRecords): string {
  switch (choice.by) {
    case 'ids':
      return choice.ids.length === 1 ? '1 id' : `${choice.ids.length} ids`;
    case 'where':
      return `where ${choice.where}`;
    case 'since':
      return `since ${choice.since}`;
    case 'changed':
      return 'what the present mapping would change';
    case 'all':
      return 'all';
  }
}

function messageOf(request: ResyncRequest): string {
  const { state, counts, problem, finishedAt, notCancelled } = request;
  const rest = counts.pending === 1 ? '1 record is' : `${counts.pending} records are`;
  switch (state) {
    case 'queued':
      return problem === null ? 'Its records are being queued.' : `It does not go on now: ${problem}.`;
    case 'running':
      return `Its records are queued; ${rest} still to be sent.`;
    case 'failed':
      if (counts.asked > 0 && counts.unknown === counts.asked)
        return 'The source knows none of these records.';
      return `It cannot be carried out: ${problem ?? 'no reason is known'}.`;
    case 'cancelled':
      if (finishedAt !== null && (notCancelled ?? 0) === 0)
        return 'It was cancelled before anything was sent.';
      return finishedAt === null
        ? `It was cancelled; ${rest} on their way, or wanted by others, and could not be taken back.`
        : 'It was cancelled. What could not be taken back has come to its end.';
    case 'done':
      return doneMessage(request);
  }
}

function doneMessage({ counts }: ResyncRequest): string {
  const good = counts.synced + counts.unchanged;
  const others = (['skipped', 'waiting', 'dead', 'removed', 'unknown', 'cancelled'] as const)
    .filter((name) => counts[name] > 0)
    .map((name) => `${counts[name]} ${name}`);
  const all = counts.asked === 1 ? 'the record' : `${counts.asked} records`;
  if (counts.asked === 0) return 'It is done: no record was meant.';
  if (others.length > 0)
    return `It is done: ${good} of ${counts.asked} are in step with the ERP; ${others.join(', ')}.`;
  return `It is done: ${all} ${counts.asked === 1 ? 'is' : 'are'} in step with the ERP.`;
}

/** How the callback of a request stands. */
export type CallbackReport = {
  readonly state: 'not_due' | 'waiting' | 'delivered' | 'given_up';
  readonly attempts: number;
  readonly problem: string | null;
  readonly nextAt: Date | null;
};

export function callbackReport(
  request: ResyncRequest,
  standing: CallbackStanding | null,
): CallbackReport | null {
  if (request.callbackUrl === null) return null;
  if (standing === null) return { state: 'not_due', attempts: 0, problem: null, nextAt: null };
  const { attempts, problem, deliveredAt, givenUpAt, nextAt } = standing;
  if (deliveredAt !== null) return { state: 'delivered', attempts, problem: null, nextAt: null };
  return givenUpAt === null
    ? { state: 'waiting', attempts, problem, nextAt }
    : { state: 'given_up', attempts, problem, nextAt: null };
}

/** One record of a request, as its asker is told. */
export type RecordReport = Omit<RequestedRecord, 'outcome'> & {
  readonly outcome: RequestOutcome | 'pending';
};

export const recordReport = (record: RequestedRecord): RecordReport => ({
  ...record,
  outcome: record.outcome ?? 'pending',
});

/** The message that is sent when a request has ended: type, time and report, as Standard Webhooks have it. */
export function callbackBody(request: ResyncRequest, now: Date): string {
  const type = `resync.${request.state}`;
  return JSON.stringify({ type, timestamp: now.toISOString(), data: requestReport(request) });
}
