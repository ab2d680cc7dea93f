import { CausewayError } from '../errors/error.ts';
import { problem } from '../errors/catalogue.ts';
import type { CompiledMapping } from '../mapping/compile.ts';
import { compileRecordCondition, type RecordCondition } from '../mapping/record-condition.ts';
import { catchUp } from '../sync/catch-up.ts';
import { unknownFields } from '../sync/known-fields.ts';
import { resyncAll, resyncIds } from '../sync/resync.ts';
import { resyncChanged } from '../sync/resync-changed.ts';
import { type Choice, resyncChosen } from '../sync/resync-chosen.ts';
import { instantIn, noInstant } from './instant.ts';
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
  where?: string | undefined;
  since?: string | undefined;
  changed?: true | undefined;
  all?: true | undefined;
  wait?: true | undefined;
};

const choices = ['id', 'where', 'since', 'changed', 'all'] as const;

/** `causeway resync FLOW`: sends chosen records again, in their newest state. Exit code 1 when an id is unknown. */
export async function resync(flow: string, options: ResyncOptions): Promise<ExitCode> {
  const given = choices.filter((choice) => options[choice] !== undefined);
  const json = options.json === true;
  if (given.length !== 1)
    return reportError(
      usage(
        'resync wants exactly one of --id (once or several times), --where, --since, --changed and --all.',
      ),
      json,
    );
  const choice = choiceOf(options, new Date());
  if (choice instanceof CausewayError) return reportError(choice, json);
  return inSession({ ...options, systems: 'open' }, async (session) => {
    const mapping = compiledFlow(session, flow);
    if (choice?.by === 'condition') requireFields(session, mapping, choice.condition.fields);
    const { queued, unknown, undecided } = await queueWanted(session, mapping, options, choice);
    const missing = [
      ...unknown.map((id) => `${mapping.read.from} has no ${mapping.read.entity} ${id}.`),
      ...(undecided === 0
        ? []
        : [`The condition does not work out for ${undecided} records; they were left out.`]),
    ];
    const report = { queued, unknown, undecided };
    const good = unknown.length === 0 && undecided === 0 ? 0 : 1;
    if (!options.wait) {
      const when = queued === 0 ? '' : ' They are sent with the next run; --wait sends them now.';
      print(json, report, [`${queued} queued.${when}`, ...missing].join('\n'));
      return good;
    }
    return sendNow(session, mapping, report, missing, good);
  });
}

/** A usage error. */
export const usage = (message: string): CausewayError => new CausewayError([problem('usage', message)]);

/** The mapping with its rules: a session holds only compiled ones. */
export function compiledFlow({ causeway }: Session, flow: string): CompiledMapping {
  const { flow: name } = requireFlow(causeway, flow);
  const found = causeway.folder.current().find((mapping) => mapping.flow === name);
  if (found === undefined) throw new Error(`the flow ${flow} is gone`);
  return found;
}

/** What `--where` or `--since` mean, null for the other choices, or why they cannot be understood. */
function choiceOf({ where, since }: ResyncOptions, now: Date): Choice | CausewayError | null {
  if (where !== undefined) {
    const condition = conditionOf(where);
    return condition instanceof CausewayError ? condition : { by: 'condition', condition };
  }
  if (since === undefined) return null;
  const instant = instantIn(since, now);
  if (instant === null) return usage(noInstant(since));
  return { by: 'since', since: instant };
}

/** What `--where` means, or why it cannot be understood. */
export function conditionOf(where: string): RecordCondition | CausewayError {
  const condition = compileRecordCondition(where);
  if ('holds' in condition) return condition;
  return usage(condition.mistakes.map((mistake) => `The expression \`${where}\` ${mistake}.`).join(' '));
}

/** What a file would change cannot be sent while the file is not good and an older version is in use. */
function requireGood({ folder }: Session['causeway'], { file }: CompiledMapping): void {
  if (folder.stale().includes(file))
    throw new CausewayError(folder.problems().filter(({ at }) => at?.file === file));
}

/** A condition on a field that the source does not have is true of nothing, and was surely meant otherwise. */
export function requireFields(
  { causeway }: Session,
  mapping: CompiledMapping,
  fields: readonly string[],
): void {
  const sentences = unknownFields(causeway.folder.described(), mapping, fields);
  if (sentences.length === 0) return;
  throw usage(`${sentences.join('. ')}${sentences.at(-1)?.endsWith('?') ? '' : '.'}`);
}

type Queued = { readonly queued: number; readonly unknown: readonly string[]; readonly undecided: number };

async function queueWanted(
  { causeway, shutdown, json }: Session,
  mapping: CompiledMapping,
  options: ResyncOptions,
  choice: Choice | null,
): Promise<Queued> {
  const { context } = causeway;
  const say = (text: string): void => void (json || process.stderr.write(`${text}\n`));
  const all = { unknown: [], undecided: 0 };
  if (options.changed) {
    requireGood(causeway, mapping);
    return {
      ...all,
      queued: await resyncChanged(
        context,
        mapping,
        (looked, total) => say(`${looked} of ${total} looked at`),
        shutdown.soft,
      ),
    };
  }
  if (options.all)
    return {
      ...all,
      queued: await resyncAll(context, mapping, (count) => say(`${count} queued`), shutdown.soft),
    };
  if (choice !== null) {
    const found = await resyncChosen(
      context,
      mapping,
      choice,
      (count) => say(`${count} queued`),
      shutdown.soft,
    );
    return { ...found, queued: found.queued.length };
  }
  const found = await resyncIds(context, mapping, options.id ?? [], shutdown.soft);
  return { ...all, unknown: found.unknown, queued: found.queued.length };
}

/** Sends what is queued now, waits, and prints what came of it beside the report. */
export async function sendNow(
  { causeway, shutdown, json }: Session,
  mapping: CompiledMapping,
  report: object,
  missing: readonly string[],
  good: ExitCode,
): Promise<ExitCode> {
  const runs = await catchUp(
    causeway.context,
    [mapping.flow],
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
  return summaries.some(({ questions }) => questions.length > 0) ? 1 : good;
}
