import { Fault, type FaultKind } from '../connector/fault.ts';
import type { Facts } from './facts.ts';
import { NoLink, NoRecord, noRecordIn } from './gather.ts';
import { TimeOver } from './in-time.ts';
import { type Refusal, Refused } from './outcome.ts';
import { secondsOf } from './door.ts';
import { connectionOfFault } from './systems.ts';

/** When to ask again after a deadline has passed: the answer may be there by then. */
const lateSeconds = 1;

/** When to ask again after a failure that says nothing of its end, in milliseconds, by the kind of fault. */
const againMs: { readonly [kind: string]: number } = { auth: 60_000 };

/** What will pass, or is mended by a person; the other kinds are about the question, and asking again changes nothing. */
const passing: ReadonlySet<FaultKind> = new Set([
  'transient',
  'rate_limited',
  'auth',
  'conflict',
  'ambiguous',
]);

/**
 * Says in words of the caller why there is no answer. A defect of ours is none of them, and is thrown on. Where the
 * record is not linked, the signal bounds the question where it stands.
 */
export async function refusalOf(
  error: unknown,
  facts: Facts,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<Refusal> {
  if (error instanceof Refused) return error.refusal;
  if (error instanceof TimeOver) return { kind: 'late', deadlineMs, retryAfterSeconds: lateSeconds };
  if (error instanceof NoRecord) return { kind: 'not_found', sentence: error.sentence };
  if (error instanceof NoLink) return notLinked(error, facts, deadlineMs, signal);
  if (error instanceof Fault) return ofFault(error);
  throw error;
}

async function notLinked(
  { flow, id }: NoLink,
  facts: Facts,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<Refusal> {
  try {
    const standing = await facts.standing(flow, id, signal);
    if (standing !== null) return { kind: 'not_linked', standing };
    const sentence = `The source of the flow ${flow} has not shown a record with this id yet.`;
    return { kind: 'not_found', sentence };
  } catch (error) {
    if (error instanceof NoLink) throw error;
    return refusalOf(error, facts, deadlineMs, signal);
  }
}

/** Tells of a fault by its kind alone: the sentence of a vendor may hold its names, and values of a record. */
function ofFault(fault: Fault): Refusal {
  const system = connectionOfFault(fault);
  if (fault.kind === 'not_found') return { kind: 'not_found', sentence: noRecordIn(system) };
  const sentence = `${system} gave no answer that could be used (${fault.kind}).`;
  if (!passing.has(fault.kind)) return { kind: 'refused', system, fault: fault.kind, sentence };
  const retryAfterSeconds = secondsOf(fault.retryAfterMs ?? againMs[fault.kind] ?? 1000);
  return { kind: 'unavailable', system, sentence, retryAfterSeconds };
}
