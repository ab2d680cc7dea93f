import type { Logger } from 'pino';
import { isThisMachine, isUsable, type KeyRing } from '../http/access.ts';
import type { App } from '../http/app.ts';
import { listen } from '../http/listen.ts';

export type OpenHttp = {
  /** The server's address, or null when another process on this machine has the port. */
  readonly url: string | null;
  /** It is bound to this machine alone until there is an API key, though others should reach it. */
  readonly waitsForKey: boolean;
  close(): Promise<void>;
};

export type HttpPlace = {
  readonly host: string;
  readonly port: number;
  readonly keys: KeyRing;
  readonly now: () => Date;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly log: Logger;
};

/** How often it is looked whether there is a key now, in milliseconds. */
const lookMs = 1000;

/**
 * Listens where it is told to. An address that others can reach takes a key that is in force: until there is one, it
 * listens on 127.0.0.1 instead, says so, and moves by itself when a key is made.
 */
export async function openHttp(build: () => App, place: HttpPlace, signal: AbortSignal): Promise<OpenHttp> {
  const { host, port, keys, now, sleep, log } = place;
  // Read here once, they are known from then on, even when the database is gone.
  const inForce = async (): Promise<boolean> => (await keys.keys()).some((key) => isUsable(key, now()));
  const waitsForKey = !(await inForce()) && !isThisMachine(host);
  let server = build();
  const url = await listen(server, waitsForKey ? '127.0.0.1' : host, port);
  const move = async (): Promise<void> => {
    while (!(await inForce().catch(() => false))) await sleep(lookMs, signal);
    await server.close();
    signal.throwIfAborted();
    server = build();
    log.info(
      { url: await listen(server, host, port) },
      'there is an API key: HTTP is open to other machines',
    );
  };
  if (waitsForKey)
    log.warn(
      { code: 'http_needs_keys', host },
      'HTTP is open to this machine alone, until there is an API key: causeway keys create',
    );
  const moving = waitsForKey
    ? move().catch(
        (error: unknown) =>
          signal.aborted || log.error({ err: error }, 'HTTP could not be opened to other machines'),
      )
    : null;
  return {
    url,
    waitsForKey,
    async close() {
      await moving;
      await server.close();
    },
  };
}
