import { CausewayError } from '../errors/error.ts';
import type { CompiledMapping } from '../mapping/compile.ts';
import { parseDuration } from '../mapping/duration.ts';
import { type ChosenLetters, chooseLetters, type LetterChoice } from '../sync/dead-letters.ts';
import { dropLetters } from '../sync/drop.ts';
import { mendLetters } from '../sync/mend-letters.ts';
import { redriveLetters } from '../sync/redrive.ts';
import { confirm } from './confirm.ts';
import { userName } from './user-name.ts';
import { lettersInWords, unknownGroup } from './dead-letters.ts';
import { compiledFlow, conditionOf, requireFields, sendNow, usage } from './resync.ts';
import { type ExitCode, type GlobalOptions, inSession, print, reportError, type Session } from './session.ts';

type ChoiceOptions = GlobalOptions & {
  id?: string[] | undefined;
  group?: string | undefined;
  code?: string | undefined;
  field?: string | undefined;
  where?: string | undefined;
  olderThan?: string | undefined;
  all?: true | undefined;
  yes?: true | undefined;
};

/** More letters than this are not sent again without a word. */
const askAbove = 100;

/**
 * `causeway dead-letters redrive FLOW`: sends letters again. Exit code 1 when one was left out or is not known in the
 * source.
 */
export async function redrive(
  flow: string,
  options: ChoiceOptions & { fromMirror?: true | undefined; wait?: true | undefined },
): Promise<ExitCode> {
  const choice = choiceOf('redrive', options, new Date());
  if (choice instanceof CausewayError) return reportError(choice, options.json === true);
  const systems = options.fromMirror && !options.wait ? 'closed' : 'open';
  return inSession({ ...options, systems }, async (session) => {
    const { causeway, shutdown, json } = session;
    const mapping = compiledFlow(session, flow);
    const chosen = await choose(session, mapping, options, choice);
    const count = chosen.letters.length;
    const question = `${lettersInWords(count)} of ${flow} would be sent again. Go on?`;
    if (count > askAbove && !(await confirm(question, options, shutdown.soft))) return nothingDone(json);
    const say = (done: number): void =>
      void (json || done === count || process.stderr.write(`${done} of ${count}\n`));
    const done = await redriveLetters(causeway.context, mapping, chosen.letters, {
      from: options.fromMirror ? 'mirror' : 'source',
      priority: options.id === undefined ? 'incremental' : 'interactive',
      onPage: say,
      signal: shutdown.soft,
    });
    const { read } = mapping;
    const notes = [
      ...left(options, chosen, done.changed),
      ...done.unknown.map(
        (id) =>
          `${read.from} has no ${read.entity} ${id} any more; its letter stays. Drop it, or send what is known of it: --from-mirror.`,
      ),
    ];
    const report = {
      listed: count,
      queued: done.queued,
      changed: done.changed,
      unknown: done.unknown,
      notDead: notDead(options, chosen),
      undecided: chosen.undecided,
    };
    const good = notes.length === 0 ? 0 : 1;
    if (options.wait) return sendNow(session, mapping, report, notes, good);
    const when = done.queued.length === 0 ? '' : ' They are sent with the next run; --wait sends them now.';
    print(json, report, [`${done.queued.length} queued.${when}`, ...notes].join('\n'));
    return good;
  });
}

/** `causeway dead-letters drop FLOW --reason R`: leaves their records out until they change in the source. */
export async function drop(
  flow: string,
  options: ChoiceOptions & { reason?: string | undefined },
): Promise<ExitCode> {
  const choice = choiceOf('drop', options, new Date());
  const reason = options.reason?.trim() ?? '';
  const refused =
    choice instanceof CausewayError
      ? choice
      : reason === ''
        ? usage('drop wants --reason: why these records need not be in the ERP.')
        : null;
  if (refused !== null || choice instanceof CausewayError) return reportError(refused, options.json === true);
  return inSession({ ...options, systems: 'closed' }, async (session) => {
    const { causeway, shutdown, json } = session;
    const mapping = compiledFlow(session, flow);
    const chosen = await choose(session, mapping, options, choice);
    const count = chosen.letters.length;
    const question = `${lettersInWords(count)} of ${flow} would be dropped: their records stay out of the ERP until they change in the source. Go on?`;
    if (count > 0 && options.id === undefined && !(await confirm(question, options, shutdown.soft)))
      return nothingDone(json);
    const told = { reason, by: userName() };
    const done = await dropLetters(causeway.context, mapping, chosen.letters, told, shutdown.soft);
    const notes = left(options, chosen, done.changed);
    const report = {
      listed: count,
      dropped: done.dropped,
      changed: done.changed,
      notDead: notDead(options, chosen),
      undecided: chosen.undecided,
    };
    const text = `${done.dropped.length} dropped. A change of the record in the source brings it back.`;
    print(json, report, [text, ...notes].join('\n'));
    return notes.length === 0 ? 0 : 1;
  });
}

function nothingDone(json: boolean): ExitCode {
  print(json, { done: false }, 'Nothing was done.');
  return 1;
}

/** Which letters the options mean, or why they cannot be understood. */
function choiceOf(command: string, options: ChoiceOptions, now: Date): LetterChoice | CausewayError {
  const { id, group, code, field, where, olderThan, all } = options;
  const filters = [group, code, field, where, olderThan].some((given) => given !== undefined);
  if ([id !== undefined, filters, all !== undefined].filter(Boolean).length !== 1)
    return usage(
      `${command} wants one of --id (once or several times), --all, or what the letters have in common: --group, --code, --field, --where, --older-than.`,
    );
  const condition = where === undefined ? undefined : conditionOf(where);
  if (condition instanceof CausewayError) return condition;
  const seconds = olderThan === undefined ? null : parseDuration(olderThan);
  if (olderThan !== undefined && seconds === null)
    return usage(`\`${olderThan}\` is no duration: write 2h or 30d, for example.`);
  return {
    ids: id ?? null,
    group: group ?? null,
    code: code ?? null,
    field: field ?? null,
    before: seconds === null ? null : new Date(now.getTime() - seconds * 1000),
    ...(condition && { condition }),
  };
}

async function choose(
  session: Session,
  mapping: CompiledMapping,
  options: ChoiceOptions,
  choice: LetterChoice,
): Promise<ChosenLetters> {
  const { context } = session.causeway;
  if (choice.condition !== undefined) requireFields(session, mapping, choice.condition.fields);
  await mendLetters(context, mapping);
  const chosen = await chooseLetters(context.database, mapping, choice, session.shutdown.soft);
  const alone = [options.code, options.field, options.where, options.olderThan].every(
    (given) => given === undefined,
  );
  if (options.group !== undefined && alone && chosen.letters.length === 0)
    throw new CausewayError([unknownGroup(options.group)]);
  return chosen;
}

/** Ids that were named and are no dead letters. */
function notDead({ id }: ChoiceOptions, { letters }: ChosenLetters): string[] {
  const dead = new Set(letters.map(({ sourceId }) => sourceId));
  return [...new Set(id)].filter((one) => !dead.has(one));
}

/** What was left out, in words. */
function left(options: ChoiceOptions, chosen: ChosenLetters, changed: readonly string[]): string[] {
  return [
    ...notDead(options, chosen).map((id) => `${id} is not a dead letter.`),
    ...changed.map((id) => `${id} has changed since it was listed, and was left as it is.`),
    ...(chosen.undecided === 0
      ? []
      : [`The condition does not work out for ${chosen.undecided} records; they were left out.`]),
  ];
}
