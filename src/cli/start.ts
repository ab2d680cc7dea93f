import type { Causeway } from '../compose.ts';
import { isContinuous } from '../mapping/continuous.ts';
import type { Problem } from '../errors/error.ts';
import { printProblems } from '../errors/print.ts';
import { outcomeTally } from '../http/tally.ts';
import { nextRun } from '../schedule/schedule.ts';
import { runService } from '../schedule/service.ts';
import { questionInWords } from '../sync/approve.ts';
import { catchUp } from '../sync/catch-up.ts';
import type { FlowRun } from '../sync/sync-flow.ts';
import { type ProgressBoard, progressBoard, showProgress } from './progress.ts';
import { serve, type Serving } from './serve.ts';
import { type ExitCode, type GlobalOptions, inSession, print, type Session, staleNotes } from './session.ts';
import { type FlowSummary, renderSummary, renderVerdict, summarize } from './summary.ts';

/** How long a catch-up waits for a system that does not answer before it says so and ends. */
const closedForMs = 120_000;

/** `causeway start`: catches up, and then stays up on its schedule; with `--once` it ends when all flows have caught up. */
export async function start(options: GlobalOptions & { once?: true | undefined }): Promise<ExitCode> {
  const now = (): Date => new Date();
  const board = progressBoard(now);
  const tally = outcomeTally();
  return inSession(
    {
      ...options,
      systems: 'open',
      onProgress: (progress) => {
        board.take(progress);
        tally.take(progress);
      },
    },
    async (session) => {
      const { causeway, json } = session;
      if (!json) process.stderr.write(`${greeting(causeway)}\n\n`);
      const serving = options.once ? null : await serve(session, tally);
      try {
        return await carryAll(session, board, serving);
      } finally {
        await serving?.close();
      }
    },
  );
}

/** Catches up, and then stays up where HTTP is served; otherwise it waits for retries that are due later, too, and ends. */
async function carryAll(session: Session, board: ProgressBoard, serving: Serving | null): Promise<ExitCode> {
  const { causeway, shutdown, json } = session;
  const display = json ? null : showProgress(board, process.stderr, causeway.context.now);
  let summaries: FlowSummary[];
  try {
    const flows = causeway.context.mappings().map(({ flow }) => flow);
    const dueWithinMs = serving === null ? Number.POSITIVE_INFINITY : 30_000;
    const runs = await catchUp(
      causeway.context,
      flows,
      'start',
      { dueWithinMs, closedForMs, awaitReader: true },
      shutdown.soft,
    );
    summaries = await summarize(causeway.context.database, causeway.context.mappings(), runs);
  } catch (error) {
    if (serving === null && shutdown.soft.aborted) {
      process.stderr.write(
        'Stopped before everything was carried. Nothing is lost: what was not sent is queued.\n',
      );
      return 1;
    }
    if (serving === null || shutdown.soft.aborted) throw error;
    // A database that was restarted just now, for example: a service is there to go on.
    causeway.context.log.error({ err: error }, firstRunFailed);
    summaries = [];
  } finally {
    display?.stop();
  }
  const stopped = summaries.filter((summary) => summary.stopped !== null);
  const report = {
    flows: summaries,
    caughtUp: stopped.length === 0,
    problems: causeway.folder.problems(),
  };
  if (serving === null) {
    print(json, report, conclusion(summaries, report.problems, staleNotes(causeway.folder)));
    if (stopped.length > 0) return 3;
    const asked = summaries.some(({ questions }) => questions.length > 0);
    return report.problems.length === 0 && !asked ? 0 : 1;
  }
  return stay(session, summaries, serving);
}

const firstRunFailed =
  'The first run ended with an error, which is in the log; the schedule goes on from there.';

/** What runs where, in three lines. */
function greeting({ config, context, sandboxes }: Causeway): string {
  const database =
    config.database === 'embedded' ? `embedded PostgreSQL in ${config.data}` : 'PostgreSQL server';
  const connections = [...context.connections.values()].map(({ name, connector }) => {
    const sandbox = sandboxes.get(name);
    return `  ${name}: ${connector.title}${sandbox === undefined ? '' : `, sandbox at ${sandbox.url}`}`;
  });
  return [`Causeway. Database: ${database}.`, ...connections].join('\n');
}

function conclusion(
  summaries: readonly FlowSummary[],
  problems: readonly Problem[],
  notes: readonly string[],
): string {
  const files =
    problems.length === 0
      ? []
      : [
          '',
          'Some mapping files are not good; what they say now is not carried:',
          printProblems(problems),
          ...notes,
        ];
  return ['', renderSummary(summaries), renderVerdict(summaries), ...files].join('\n');
}

async function stay(
  { causeway, shutdown, json }: Session,
  summaries: readonly FlowSummary[],
  { url, waitsForKey, waker }: Serving,
): Promise<ExitCode> {
  const { config, context } = causeway;
  const times = context.mappings().map((mapping) => {
    if (isContinuous(mapping)) return `  ${mapping.flow}: as changes come`;
    const next = nextRun(mapping);
    return `  ${mapping.flow}: ${next === null ? 'only on request' : next.toISOString()}`;
  });
  const told =
    summaries.length === 0 && times.length > 0
      ? firstRunFailed
      : conclusion(summaries, causeway.folder.problems(), staleNotes(causeway.folder));
  print(
    json,
    { url, flows: summaries },
    `${told}\n\nHTTP server: ${url ?? `none, because port ${config.http.port} is taken; set CAUSEWAY_HTTP_PORT to another one`}${waitsForKey ? `, for this machine alone until there is an API key: causeway keys create` : ''}\nNext runs:\n${times.join('\n')}\n\nCtrl-C stops it.`,
  );
  const onRun = (run: FlowRun): void => void (json || process.stdout.write(runLine(run)));
  await runService({ ...causeway, retention: config.retention, waker, onRun }, shutdown.soft);
  if (!json) process.stderr.write('Stopped. Nothing is lost: what was not sent is queued.\n');
  return 0;
}

/** One line for a run that did something or could not; nothing for one that found nothing to do. */
export function runLine({ run, stopped, questions }: FlowRun): string {
  const done = (['created', 'updated', 'removed', 'waiting', 'dead'] as const).filter(
    (name) => run[name] > 0,
  );
  if (done.length === 0 && stopped === null) return '';
  const counts = done.map((name) => `${run[name]} ${name}`).join(', ');
  const why =
    stopped === null
      ? ''
      : `${counts === '' ? '' : '; '}stopped early: ${stopped.connection}: ${stopped.reason}`;
  const asked = questions.map((question) => `; ${questionInWords(question)}`).join('');
  return `${(run.finishedAt ?? run.startedAt).toISOString().slice(0, 19)}Z ${run.flow}: ${counts}${why}${asked}\n`;
}
