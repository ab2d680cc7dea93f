import { problem } from '../errors/catalogue.ts';
import { CausewayError } from '../errors/error.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { listQuestions, type Question } from '../store/due.ts';
import { type Answer, answerQuestion } from '../sync/approve.ts';
import { confirm } from './confirm.ts';
import { userName } from './user-name.ts';
import { type ExitCode, type GlobalOptions, inSession, print, requireFlow } from './session.ts';

type ApproveOptions = GlobalOptions & { refuse?: true | undefined; yes?: true | undefined };

/**
 * `causeway approve RUN`: shows what a run stopped at, asks, and lets it go ahead, or keeps it with `--refuse`. Without
 * `--yes` and without anybody to ask it only shows, and ends with exit code 1.
 */
export async function approve(run: number, options: ApproveOptions): Promise<ExitCode> {
  return inSession({ ...options, systems: 'closed' }, async ({ causeway, shutdown, json }) => {
    const { context } = causeway;
    const questions = await listQuestions(context.database, { runId: String(run) });
    if (questions.length === 0)
      throw new CausewayError([
        problem('nothing_to_approve', `Nothing that run ${run} stopped at waits for an answer.`),
      ]);
    const answer: Answer = options.refuse ? 'refused' : 'approved';
    const shown = questions.map((question) => ({
      question,
      mapping: requireFlow(causeway, question.flow),
    }));
    const text = shown.map(({ question, mapping }) => questionText(question, mapping)).join('\n');
    if (!json) process.stdout.write(`${text}\n`);
    if (!options.yes && !(await agreed(json, answer, shutdown.soft))) {
      const how = options.refuse ? '--refuse --yes keeps it' : '--yes lets it go ahead';
      print(json, { questions, answered: 0 }, `Nothing was done; ${how}.`);
      return 1;
    }
    let answered = 0;
    for (const { question, mapping } of shown)
      answered += await answerQuestion(context, mapping, question, answer, userName() ?? 'somebody');
    const what =
      answer === 'approved'
        ? `${answered} approved. They go ahead with the next run.`
        : `${answered} refused. They stay in the ERP as they are.`;
    print(json, { questions, answer, answered }, what);
    return 0;
  });
}

function questionText({ kind, count, reasons, sample, since }: Question, mapping: Mapping): string {
  const heads = {
    removal: `${count} records of ${mapping.flow} would be removed from the ERP or let go`,
    change: `${count} records of ${mapping.flow} would be changed in the ERP`,
    absence: `${count} records of ${mapping.flow} are no longer listed by the source and not found by their ids; they would count as deleted (when_deleted: ${mapping.whenDeleted})`,
  };
  const words: { readonly [what: string]: string } = {
    deleted: `deleted in the source (when_deleted: ${mapping.whenDeleted})`,
    left: `no longer meet only_when (when_it_leaves: ${mapping.whenItLeaves})`,
    changed: 'changed in the source',
    absent: 'gone without a trace',
  };
  return [
    `${heads[kind]}, since ${since.toISOString().slice(0, 19)}Z:`,
    ...Object.entries(reasons).map(([what, n]) => `  ${n} ${words[what] ?? what}`),
    `  such as ${sample.join(', ')}. causeway explain ${mapping.flow} ID tells of one.`,
  ].join('\n');
}

/** Where nobody can be asked, nobody agrees. */
async function agreed(json: boolean, answer: Answer, signal: AbortSignal): Promise<boolean> {
  if (json || !process.stdin.isTTY) return false;
  return confirm(answer === 'approved' ? 'Let all of it go ahead?' : 'Keep all of it?', {}, signal);
}
