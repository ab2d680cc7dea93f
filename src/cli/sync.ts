import { catchUp } from '../sync/catch-up.ts';
import { progressBoard, showProgress } from './progress.ts';
import { type ExitCode, type GlobalOptions, inSession, print, requireFlow, staleNotes } from './session.ts';
import { renderSummary, renderVerdict, summarize } from './summary.ts';

/** `causeway sync FLOW`: one run of a flow now; with `--once` until it has caught up, jobs that are due later included. */
export async function sync(
  flow: string,
  options: GlobalOptions & { once?: true | undefined },
): Promise<ExitCode> {
  const now = (): Date => new Date();
  const board = progressBoard(now);
  return inSession(
    { ...options, systems: 'open', onProgress: (progress) => board.take(progress) },
    async ({ causeway, shutdown, json }) => {
      const mapping = requireFlow(causeway, flow);
      const display = json ? null : showProgress(board, process.stderr, now);
      const dueWithinMs = options.once ? Number.POSITIVE_INFINITY : 10_000;
      const runs = await catchUp(
        causeway.context,
        [flow],
        'sync',
        { dueWithinMs, closedForMs: 60_000, awaitReader: true },
        shutdown.soft,
      ).finally(() => display?.stop());
      const summaries = await summarize(causeway.context.database, [mapping], runs);
      const stopped = summaries.some((summary) => summary.stopped !== null);
      print(
        json,
        { flows: summaries, caughtUp: !stopped },
        [renderSummary(summaries), renderVerdict(summaries), ...staleNotes(causeway.folder)].join('\n'),
      );
      if (stopped) return 3;
      return summaries.some(({ questions }) => questions.length > 0) ? 1 : 0;
    },
  );
}
