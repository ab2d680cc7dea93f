import { listCursors } from '../store/cursor.ts';
import { type ExitCode, type GlobalOptions, inSession, print } from './session.ts';

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
