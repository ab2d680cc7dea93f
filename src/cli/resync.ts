import { CausewayError } from '../errors/error.ts';
import { problem } from '../errors/catalogue.ts';
import { catchUp } from '../sync/catch-up.ts';
import { resyncAll, resyncIds } from '../sync/resync.ts';
import {
  type ExitCode,
  type GlobalOptions,
  inSession,
  print,
  reportError,
  requireFlow,
  type Session,
} from './session.ts';
import { renderSummary, renderVerdict, summarize } from './summary.ts';

export type ResyncOptions = GlobalOptions & {
  id?: string[] | undefined;
  all?: true | undefined;
  wait?: true | undefined;
};

/** `causeway resync FLOW`: sends chosen records again, in their newest state. Exit code 1 when an id is unknown. */
export async function resync(flow: string, options: ResyncOptions): Promise<ExitCode> {
  if ((options.id === undefined) === (options.all === undefined)) {
    const wants = new CausewayError([
      problem('usage', 'resync wants either --id (once or several times) or --all.'),
    ]);
    return reportError(wants, options.json === true);
  }
  return inSession({ ...options, systems: 'open' }, async (session) => {
    const { causeway, shutdown, json } = session;
    const mapping = requireFlow(causeway, flow);
    const showPage = (count: number): void =>
      void (
        json ||
        process.stderr.write(`${count} queued
`)
      );
    const { queued, unknown } =
      options.id === undefined
        ? { queued: await resyncAll(causeway.context, mapping, showPage, shutdown.soft), unknown: [] }
        : await queueIds(session, flow, options.id);
    const missing = unknown.map((id) => `${mapping.read.from} has no ${mapping.read.entity} ${id}.`);
    const when = options.wait
      ? ''
      : ` They are sent with the next run, before anything else; --wait sends them now.`;
    const report = { queued, unknown };
    if (!options.wait) {
      print(json, report, [`${queued} queued.${when}`, ...missing].join('\n'));
      return unknown.length === 0 ? 0 : 1;
    }
    const runs = await catchUp(
      causeway.context,
      [flow],
      'resync',
      { dueWithinMs: 30_000, closedForMs: 60_000, awaitReader: true },
      shutdown.soft,
    );
    const summaries = await summarize(causeway.context.database, [mapping], runs);
    print(
      json,
      { ...report, flows: summaries },
      [renderSummary(summaries), renderVerdict(summaries), ...missing].join('\n'),
    );
    if (summaries.some((summary) => summary.stopped !== null)) return 3;
    return unknown.length === 0 ? 0 : 1;
  });
}

async function queueIds(
  { causeway, shutdown }: Session,
  flow: string,
  ids: readonly string[],
): Promise<{ queued: number; unknown: readonly string[] }> {
  const { queued, unknown } = await resyncIds(
    causeway.context,
    requireFlow(causeway, flow),
    ids,
    shutdown.soft,
  );
  return { queued: queued.length, unknown };
}
