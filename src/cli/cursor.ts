import { problem } from '../errors/catalogue.ts';
import { CausewayError } from '../errors/error.ts';
import { didYouMean } from '../errors/suggestion.ts';
import { type CursorReport, listCursors, rewindCursor, type Stream } from '../store/cursor.ts';
import { confirm } from './confirm.ts';
import { instantIn, noInstant } from './instant.ts';
import { type ExitCode, type GlobalOptions, inSession, print, type Session } from './session.ts';

/** `causeway cursor show`: where reading resumes, for each connection and entity. */
export async function showCursors(options: GlobalOptions): Promise<ExitCode> {
  return inSession({ ...options, systems: 'closed' }, async ({ causeway, json }) => {
    const cursors = await listCursors(causeway.context.database);
    const lines = cursors.map((cursor) => {
      const covered =
        cursor.watermark === null
          ? 'nothing is surely covered yet'
          : `surely covered up to ${cursor.watermark.toISOString()}`;
      const caughtUp =
        cursor.caughtUpAt === null
          ? 'never caught up'
          : `last caught up at ${cursor.caughtUpAt.toISOString()}`;
      return `${cursor.connection} ${cursor.entity}: ${covered}; ${caughtUp}; ${cursor.revision} pages read\n    ${JSON.stringify(cursor.position)}`;
    });
    print(json, { cursors }, lines.length === 0 ? 'Nothing has been read yet.' : lines.join('\n'));
    return 0;
  });
}

export type RewindOptions = GlobalOptions & {
  to?: string | undefined;
  toStart?: true | undefined;
  yes?: true | undefined;
};

/**
 * `causeway cursor rewind CONNECTION ENTITY (--to T | --to-start)`: the source is read again from there with the next
 * run. It costs requests to the source alone: what is mirrored already and did not change is not queued.
 */
export async function rewind(connection: string, entity: string, options: RewindOptions): Promise<ExitCode> {
  return inSession({ ...options, systems: 'open' }, async (session) => {
    const instant = instantOf(options);
    const stream = { connection, entity };
    const { watermark } = await requireStream(session, stream);
    if (instant !== null && !(watermark !== null && instant <= watermark))
      throw usage(notBack(stream, watermark));
    const { causeway, shutdown, json } = session;
    const source = causeway.context.connections.get(connection)?.source;
    if (instant !== null && source?.cursorFrom === undefined)
      throw usage(`${connection} cannot be read from an instant on; --to-start reads it from its beginning.`);
    const from = instant === null ? 'from its beginning' : `from ${instant.toISOString()} on`;
    const question = `${connection} ${entity} is read again ${from}. Go on?`;
    if (!(await confirm(question, options, shutdown.soft))) {
      print(json, { ...stream, rewound: false }, 'Nothing was done.');
      return 1;
    }
    const position = source?.cursorFrom?.(instant) ?? null;
    await rewindCursor(causeway.context.database, stream, position, instant);
    print(
      json,
      { ...stream, rewound: true, to: instant },
      `The next run reads ${connection} ${entity} ${from}.`,
    );
    return 0;
  });
}

const usage = (message: string): CausewayError => new CausewayError([problem('usage', message)]);

/** Null is the beginning. */
function instantOf({ to, toStart }: RewindOptions): Date | null {
  if ((to === undefined) === (toStart === undefined))
    throw usage('cursor rewind wants either --to with a time or --to-start.');
  if (to === undefined) return null;
  const instant = instantIn(to, new Date());
  if (instant === null) throw usage(noInstant(to));
  return instant;
}

/** Further on, changes would be left out. */
const notBack = ({ connection, entity }: Stream, watermark: Date | null): string =>
  watermark === null
    ? `${connection} ${entity} is being read for the first time, and nothing is surely covered yet; only --to-start is possible.`
    : `A cursor is set back and never on: ${connection} ${entity} is surely covered up to ${watermark.toISOString()}.`;

async function requireStream({ causeway }: Session, wanted: Stream): Promise<CursorReport> {
  const streams = await listCursors(causeway.context.database);
  const found = streams.find(
    ({ connection, entity }) => connection === wanted.connection && entity === wanted.entity,
  );
  if (found !== undefined) return found;
  const known = streams.map(({ connection, entity }) => `${connection} ${entity}`);
  const name = `${wanted.connection} ${wanted.entity}`;
  const hint = didYouMean(name, known) || (known.length === 0 ? '.' : `. These were: ${known.join(', ')}.`);
  throw usage(`${name} was never read${hint}`);
}
