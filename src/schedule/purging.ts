import { forgetRequests } from '../store/webhook-request.ts';
import type { SyncContext } from '../sync/context.ts';
import { purge, type Retention } from '../sync/purge.ts';

const everyMs = 3600_000;

/** Purges once an hour until the signal aborts; a step that is on its way then is the last. Never throws. */
export async function keepPurging(
  context: SyncContext,
  retention: Retention,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await forgetRequests(context.database, context.now());
      const purged = await purge(context, retention, signal);
      if (Object.values(purged).some((count) => (count ?? 0) > 0))
        context.log.info(purged, 'what was kept long enough is gone');
    } catch (error) {
      if (!signal.aborted) context.log.error({ err: error }, 'old rows were not purged; it is tried again');
    }
    await context.sleep(everyMs, signal).catch(() => {});
  }
}
