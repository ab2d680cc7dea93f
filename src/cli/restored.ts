import { askAfterRestore } from '../sync/restored.ts';
import { confirm } from './confirm.ts';
import { type ExitCode, type GlobalOptions, inSession, print } from './session.ts';

/**
 * `causeway restored`: for once after a backup of the database was restored. Reads every source up to now, and asks for
 * all records again. Exit code 3 when a source could not be read: then nothing was asked for.
 */
export function restored(options: GlobalOptions & { yes?: true | undefined }): Promise<ExitCode> {
  return inSession({ ...options, systems: 'open' }, async ({ causeway, shutdown, json }) => {
    const question = 'Every record of every flow is sent to the ERP once more, in its newest state. Go on?';
    if (!(await confirm(question, options, shutdown.soft))) {
      print(json, { queued: {}, unread: null }, 'Nothing was done.');
      return 1;
    }
    const say = (text: string): void => void (json || process.stderr.write(`${text}\n`));
    const { queued, unread } = await askAfterRestore(
      causeway.context,
      (flow, count) => say(`${flow}: ${count} queued`),
      shutdown.soft,
    );
    const flows = [...queued].map(([flow, count]) => `${flow}: ${count} queued.`);
    const text =
      unread === null
        ? [...flows, 'They are sent with the next runs, behind the changes that come in.'].join('\n')
        : `${unread.connection} could not be read to its end: ${unread.reason}. Nothing was asked for; say it again when it answers.`;
    print(json, { queued: Object.fromEntries(queued), unread }, text);
    return unread === null ? 0 : 3;
  });
}
