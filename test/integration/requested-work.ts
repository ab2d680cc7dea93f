import { setTimeout as sleep } from 'node:timers/promises';
import type { CompiledMapping } from '../../src/mapping/compile.ts';
import { bell } from '../../src/schedule/bell.ts';
import { carryRequested } from '../../src/schedule/requested.ts';
import { flowRuns } from '../../src/schedule/flow-runs.ts';
import { readRequest, type ResyncRequest } from '../../src/store/resync-request.ts';
import type { Asked } from '../../src/sync/accept-request.ts';
import type { Journey } from './journey.ts';

/** A request as a caller makes it, without a key and without a callback. */
export const asked = (over: Partial<Asked> = {}): Asked => ({
  flow: 'accounts',
  choice: { by: 'all' },
  callbackUrl: null,
  askedBy: 'a test',
  key: null,
  ...over,
});

/** What a service does with requested work; `stop` ends it as a service ends. */
export function serving(journey: Journey): { readonly ring: () => void; stop(): Promise<void> } {
  const ending = new AbortController();
  const { context } = journey;
  const runs = flowRuns(context, () => {}, ending.signal);
  const work = bell();
  const folder = { current: () => context.mappings() as readonly CompiledMapping[] };
  const carried = carryRequested({ context, folder, waker: runs, bell: work }, ending.signal);
  return {
    ring: work.ring,
    async stop() {
      ending.abort();
      await carried;
      await runs.ended();
    },
  };
}

/** Resolves with a request when it has ended. */
export async function ended(journey: Journey, id: string): Promise<ResyncRequest> {
  return when(journey, id, ({ finishedAt }) => finishedAt !== null);
}

/** Resolves with a request when it is as wanted. */
export async function when(
  { context }: Journey,
  id: string,
  wanted: (request: ResyncRequest) => boolean,
): Promise<ResyncRequest> {
  for (;;) {
    const request = await readRequest(context.database, id);
    if (request === null) throw new Error('there is no such request');
    if (wanted(request)) return request;
    if (request.finishedAt !== null) throw new Error(`it ended: ${JSON.stringify(request)}`);
    // Another process may carry it out: there is no signal to wait for but the row itself.
    await sleep(20);
  }
}
