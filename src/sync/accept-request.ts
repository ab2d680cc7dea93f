import { type Database, transaction } from '../store/database.ts';
import { keepKey, lockKey, readKey, type ScopedKey } from '../store/idempotency-key.ts';
import { addItems } from '../store/resync-item.ts';
import {
  readRequest,
  type ResyncRequest,
  storeRequest,
  type WantedRecords,
} from '../store/resync-request.ts';
import { fingerprint } from './fingerprint.ts';

/** A resync that is asked for, checked. */
export type Asked = {
  readonly flow: string;
  readonly choice: WantedRecords;
  readonly callbackUrl: string | null;
  /** The API key that asks, or another name of who does. */
  readonly askedBy: string;
  /** The Idempotency-Key that came with it, or null. */
  readonly key: string | null;
};

/**
 * What came of it: stored anew; the one that the key stood for already; `other`, because the key stands for something
 * else; `busy`, because a request with the key is being stored at this moment.
 */
export type Accepted =
  | { readonly as: 'new' | 'repeated'; readonly request: ResyncRequest }
  | { readonly as: 'other' | 'busy' };

/** How long an Idempotency-Key is kept, in seconds. */
export const keySeconds = 24 * 3600;

/** Stores a request, once for each Idempotency-Key: from then on it is carried out, whatever becomes of this process. */
export function acceptRequest(database: Database, asked: Asked): Promise<Accepted> {
  const { askedBy: scope, key, ...work } = asked;
  const print = fingerprint(work);
  return transaction(database, async (tx): Promise<Accepted> => {
    const scoped: ScopedKey | null = key === null ? null : { scope, key };
    if (scoped !== null) {
      if (!(await lockKey(tx, scoped))) return { as: 'busy' };
      const kept = await readKey(tx, scoped);
      const request = kept === null ? null : await readRequest(tx, kept.requestId);
      if (kept !== null && !kept.fingerprint.equals(print)) return { as: 'other' };
      if (request !== null) return { as: 'repeated', request };
    }
    const stored = await storeRequest(tx, asked);
    if (asked.choice.by === 'ids') await addItems(tx, stored.id, asked.choice.ids);
    if (scoped !== null) await keepKey(tx, scoped, { fingerprint: print, requestId: stored.id }, keySeconds);
    return { as: 'new', request: (await readRequest(tx, stored.id)) ?? stored };
  });
}
