import { newTraceId } from '../connector/trace.ts';

/** The trace of calls that carry several changes: theirs where they have one in common, else one of its own. */
export function batchTrace(changes: readonly { readonly traceId: string | null }[]): string {
  const traces = new Set(changes.map(({ traceId }) => traceId));
  const [only] = traces;
  return traces.size === 1 && typeof only === 'string' ? only : newTraceId();
}
