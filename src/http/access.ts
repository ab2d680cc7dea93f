import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { type ApiKey, listApiKeys, touchApiKeys } from '../store/api-key.ts';
import { timeLimit, unlessAborted } from '../lookup/in-time.ts';
import type { Database } from '../store/database.ts';
import { readKey, sameHash } from './api-key.ts';
import type { App, Scope } from './app.ts';
import { HttpProblem } from './problem.ts';

/** Who asks: the id of the key, or null while there are no keys and everybody on this machine may do everything. */
export type Caller = { readonly key: string | null };

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller;
  }
}

type StoredKey = ApiKey & { readonly hash: Buffer };

export type KeyRing = {
  /** The keys as they were at most a few seconds ago; a promise only where they have to be read first. */
  keys(): readonly StoredKey[] | Promise<readonly StoredKey[]>;
  /** Notes that a key was used. */
  used(id: string): void;
};

/** So old may be what is known of the keys, in milliseconds: a revoked key is refused after that. */
const freshMs = 2000;
/** So long a request waits for the keys where they are older, in milliseconds; the others meanwhile do not wait. */
const waitMs = 500;
/** Notes of use are written so seldom, in milliseconds. */
const noteMs = 60_000;

/**
 * Keeps the keys at hand, so that hardly a request waits for the database: they are read again every two seconds. A
 * database that is gone, or hangs, leaves the last known keys in force.
 */
export function keyRing({ database, now, log }: RingParts): KeyRing {
  let known: readonly StoredKey[] | null = null;
  let readAt = 0;
  let triedAt = 0;
  let reading: Promise<readonly StoredKey[]> | null = null;
  const noted = new Map<string, number>();
  const read = (): Promise<readonly StoredKey[]> => {
    reading ??= listApiKeys(database)
      .then((found) => {
        readAt = now().getTime();
        return (known = found);
      })
      .finally(() => (reading = null));
    return reading;
  };
  const quietly = (work: Promise<unknown>): void =>
    void work.catch((error: unknown) => log.debug({ err: error }, 'the API keys were not read or noted'));
  const readInTime = async (old: readonly StoredKey[]): Promise<readonly StoredKey[]> => {
    const limit = timeLimit(waitMs);
    try {
      return await unlessAborted(read(), limit.signal);
    } catch (error) {
      log.debug({ err: error }, 'the API keys were not read; those that are known stay in force');
      return old;
    } finally {
      limit.end();
    }
  };
  return {
    keys() {
      if (known === null) return read();
      const at = now().getTime();
      if (at - readAt <= freshMs || at - triedAt <= freshMs) return known;
      triedAt = at;
      return readInTime(known);
    },
    used(id) {
      const at = now();
      if (at.getTime() - (noted.get(id) ?? 0) < noteMs) return;
      noted.set(id, at.getTime());
      quietly(touchApiKeys(database, [id], at));
    },
  };
}

type RingParts = { readonly database: Database; readonly now: () => Date; readonly log: Logger };

/** Lets a request in, or refuses it, before anything of it is read. */
export function guard(
  app: App,
  {
    keys: ring,
    now,
    publicUrl,
  }: { readonly keys: KeyRing; readonly now: () => Date; readonly publicUrl: string | null },
): void {
  app.decorateRequest('caller');
  const behindProxy = publicUrl !== null;
  // Every request passes here: it waits for nothing where the keys are known.
  app.addHook('onRequest', (request, _reply, done) => {
    const scope = request.routeOptions.config.scope ?? 'open';
    if (scope === 'open') {
      request.caller = { key: null };
      return done();
    }
    const decide = (keys: readonly StoredKey[]): void => {
      request.caller =
        keys.length === 0
          ? withoutKeys(request, behindProxy)
          : withKeys(request, scope, { ring, keys, now: now() });
    };
    const keys = ring.keys();
    if (keys instanceof Promise) return void decideLater(keys, decide, done);
    decide(keys);
    done();
  });
}

async function decideLater(
  keys: Promise<readonly StoredKey[]>,
  decide: (keys: readonly StoredKey[]) => void,
  done: (error?: Error) => void,
): Promise<void> {
  try {
    decide(await keys);
  } catch (error) {
    return done(error as Error);
  }
  done();
}

function withoutKeys(request: FastifyRequest, behindProxy: boolean): Caller {
  requireThisMachine(request, behindProxy);
  return { key: null };
}

function withKeys(
  request: FastifyRequest,
  scope: Scope,
  { ring, keys, now }: { readonly ring: KeyRing; readonly keys: readonly StoredKey[]; readonly now: Date },
): Caller {
  const [, text] = /^Bearer +(\S+)$/iu.exec(request.headers.authorization ?? '') ?? [];
  if (text === undefined)
    throw new HttpProblem('key_missing', 'There are API keys, and the request has none.');
  const given = readKey(text);
  const key = keys.find(({ id }) => id === given?.id);
  if (given === null || key === undefined || !sameHash(key.hash, given.hash) || !isUsable(key, now))
    throw new HttpProblem('key_refused', 'The API key is not known, was revoked, or has ended.');
  if (!key.scopes.includes(scope))
    throw new HttpProblem('scope_missing', `The API key lacks the scope \`${scope}\`.`);
  ring.used(key.id);
  return { key: key.id };
}

/** Neither revoked nor at its end. */
export const isUsable = ({ revokedAt, expiresAt }: ApiKey, now: Date): boolean =>
  revokedAt === null && (expiresAt === null || expiresAt > now);

/**
 * Without keys a web page that a person on this machine looks at could speak to the server under a name of its own, which
 * is made to point here (DNS rebinding). And a proxy on this machine speaks for others, under whatever name.
 */
function requireThisMachine({ hostname, headers }: FastifyRequest, behindProxy: boolean): void {
  const forwarded = behindProxy || forwarding.some((name) => headers[name] !== undefined);
  if (isThisMachine(hostname) && !forwarded) return;
  throw new HttpProblem('host_refused', 'Without API keys this server is for this machine alone.');
}

/** What proxies say of those for whom they ask (RFC 7239, RFC 9110 section 7.6.3, and what came before). */
const forwarding = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'] as const;

/** A loopback address, or the name of one (RFC 6761, section 6.3). */
export function isThisMachine(host: string): boolean {
  const name = host.replace(/^\[(.*)\]$/u, '$1').toLowerCase();
  if (isIP(name) === 4) return name.startsWith('127.');
  return name === '::1' || name === 'localhost' || name.endsWith('.localhost');
}
