import { catchUp } from '../sync/catch-up.ts';
import { fullScan, type Scanned } from '../sync/full-scan.ts';
import { progressBoard, showProgress } from './progress.ts';
import { type ExitCode, type GlobalOptions, inSession, print, requireFlow } from './session.ts';
import { renderSummary, renderVerdict, summarize } from './summary.ts';

/**
 * `causeway sweep FLOW`: lists all ids of the source, treats what is gone as deleted, and carries that. Exit code 1
 * when a person must answer first, 3 when the listing could not be read or is not believed.
 */
export async function sweep(flow: string, options: GlobalOptions): Promise<ExitCode> {
  const now = (): Date => new Date();
  const board = progressBoard(now);
  return inSession(
    { ...options, systems: 'open', onProgress: (progress) => board.take(progress) },
    async ({ causeway, shutdown, json }) => {
      const mapping = requireFlow(causeway, flow);
      const { context } = causeway;
      const display = json ? null : showProgress(board, process.stderr, now);
      try {
        const scanned = await fullScan(context, mapping, shutdown.soft);
        if (scanned === null || (scanned.problem !== null && scanned.asked === 0)) {
          const why = scanned?.problem ?? 'another process is sweeping the same records at this moment';
          print(json, { scan: scanned, flows: [], problem: why }, `Nothing was done: ${why}.`);
          return scanned === null ? 1 : 3;
        }
        const patience = { dueWithinMs: 30_000, closedForMs: 60_000, awaitReader: true };
        const runs = await catchUp(context, [flow], 'sync', patience, shutdown.soft);
        display?.stop();
        const summaries = await summarize(context.database, [mapping], runs);
        const text = [foundText(scanned), renderSummary(summaries), renderVerdict(summaries)].join('\n');
        print(json, { scan: scanned, flows: summaries, problem: scanned.problem }, text);
        if (summaries.some((summary) => summary.stopped !== null)) return 3;
        return summaries.some(({ questions }) => questions.length > 0) ? 1 : 0;
      } finally {
        display?.stop();
      }
    },
  );
}

function foundText({ listed, deleted, restored, asked }: Scanned): string {
  const parts = [
    `The source lists ${listed} records`,
    `${deleted} were deleted there without a trace`,
    ...(asked === 0 ? [] : [`${asked} more seem to be, and wait for an answer`]),
    ...(restored === 0 ? [] : [`${restored} are there again`]),
  ];
  return `${parts.join('; ')}.`;
}
