import { Fault } from '../connector/fault.ts';
import type { Facts } from './facts.ts';
import { NoLink, NoRecord } from './gather.ts';
import { TimeOver } from './in-time.ts';
import { type Refusal, Refused } from './outcome.ts';
import { secondsOf } from './door.ts';
import { connectionOfFault } from './systems.ts';

/** When to ask again after a deadline has passed: the answer may be there by then. */
const lateSeconds = 1;

/** When to ask again after a failure that says nothing of its end, in milliseconds, by the kind of fault. */
const againMs: { readonly [kind: string]: number } = { auth: 60_000, config: 60_000, bug: 60_000 };

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

function ofFault(fault: Fault): Refusal {
  const system = connectionOfFault(fault);
  if (fault.kind === 'not_found')
    return { kind: 'not_found', sentence: `${system} has no record for this key.` };
  return {
    kind: 'unavailable',
    system,
    sentence: `${system} gave no answer: ${fault.message.replace(/\.$/, '')}.`,
    retryAfterSeconds: secondsOf(fault.retryAfterMs ?? againMs[fault.kind] ?? 1000),
  };
}
