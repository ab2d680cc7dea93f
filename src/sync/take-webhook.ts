import { hash } from 'node:crypto';
import type { WebhookRefusal, WebhookRequest } from '../connector/webhook.ts';
import { transaction } from '../store/database.ts';
import { keepHints } from '../store/hint.ts';
import { rememberRequest } from '../store/webhook-request.ts';
import type { SyncContext } from './context.ts';

/** What became of a webhook. `unknown`: no connection of this name takes any. */
export type TakenWebhook =
  | {
      readonly status: 'taken';
      /** How many records will be read again. */
      readonly hints: number;
      readonly ignored: { readonly [what: string]: number };
    }
  | { readonly status: 'refused'; readonly why: WebhookRefusal | 'replayed' | 'unknown' };

/**
 * Takes a webhook in: judged by its signature, refused when it was taken before, and stored; nothing else is waited for.
 * When it returns, what was said is not lost any more.
 */
export async function takeWebhook(
  context: Pick<SyncContext, 'database' | 'connections' | 'mappings'>,
  connection: string,
  request: Omit<WebhookRequest, 'reads'>,
  traceId: string,
): Promise<TakenWebhook> {
  const source = context.connections.get(connection)?.source;
  if (source?.receiveWebhook === undefined) return { status: 'refused', why: 'unknown' };
  const reads = context.mappings().flatMap(({ read }) => (read.from === connection ? [read] : []));
  const receipt = source.receiveWebhook({ ...request, reads });
  if (receipt.status === 'refused') return receipt;
  const { hints, ignored, once } = receipt;
  const isNew = await transaction(context.database, async (tx) => {
    // The key is a signature: nobody who reads the table should learn one that is still good.
    const key = once === null ? null : hash('sha256', once.key);
    if (key !== null && once !== null && !(await rememberRequest(tx, connection, key, once.until)))
      return false;
    await keepHints(tx, connection, hints, traceId);
    return true;
  });
  return isNew ? { status: 'taken', hints: hints.length, ignored } : { status: 'refused', why: 'replayed' };
}
