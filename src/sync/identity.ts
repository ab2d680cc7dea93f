import type { Sink, Source } from '../connector/contract.ts';
import { asFault, Fault } from '../connector/fault.ts';
import { problem } from '../errors/catalogue.ts';
import { CausewayError } from '../errors/error.ts';
import { readConnectionState, rememberIdentity } from '../store/connection-state.ts';
import type { Sql } from '../store/database.ts';
import { noteFailure } from './connection-health.ts';
import { connectionOf, type SyncContext } from './context.ts';

/** What says which tenant a connection speaks to. */
type Checkable = {
  readonly name: string;
  readonly sink: Pick<Sink, 'check'> | null;
  readonly source: Pick<Source, 'check'> | null;
};

/** Why nothing may be read from or sent to a connection now, and until when. */
export type Unverified = { readonly until: Date; readonly reason: string };

/**
 * Asks a connection, once in the life of this process and before anything is read or sent, which tenant it speaks to.
 * Links made with one tenant must never be used with another: if it is not the one whose ids are stored, the connection
 * is paused (`other_tenant`). Gives null when all is well.
 */
export async function verifyTenant(
  context: SyncContext,
  name: string,
  signal: AbortSignal,
): Promise<Unverified | null> {
  try {
    await requireTenant(context, connectionOf(context, name), signal);
    return null;
  } catch (error) {
    signal.throwIfAborted();
    const fault = asFault(error);
    return { until: await noteFailure(context, name, fault), reason: fault.message };
  }
}

/** The same for whoever must not stop the connection: throws the Fault that says no, and notes nothing. */
export async function requireTenant(
  { database, verified }: Pick<SyncContext, 'database' | 'verified'>,
  { name, sink, source }: Checkable,
  signal: AbortSignal,
): Promise<void> {
  if (verified.has(name)) return;
  const answer = await (sink ?? source)?.check(signal);
  if (answer !== undefined) {
    const stored = await rememberIdentity(database, name, answer.identity);
    if (stored !== answer.identity) throw otherTenant(name, answer.identity, stored);
  }
  verified.add(name);
}

/**
 * For commands that only look: throws `other_tenant` when the connection speaks to another tenant than the one that the
 * stored ids belong to, and remembers nothing.
 */
export async function requireSameTenant(
  database: Sql,
  { name, sink, source }: Checkable,
  signal: AbortSignal,
): Promise<void> {
  const answer = await (sink ?? source)?.check(signal);
  const stored = (await readConnectionState(database, name))?.identity ?? null;
  if (answer === undefined || stored === null || stored === answer.identity) return;
  throw new CausewayError([
    problem('other_tenant', `${otherTenant(name, answer.identity, stored).message}.`),
  ]);
}

const otherTenant = (name: string, now: string, stored: string): Fault =>
  new Fault({
    kind: 'config',
    code: 'other_tenant',
    message: `The connection ${name} now speaks to ${now}; the stored ids belong to ${stored}`,
  });

/** Verifies every connection at the start. Throws when one speaks to another tenant; one that does not answer waits. */
export async function verifyTenants(context: SyncContext, signal: AbortSignal): Promise<void> {
  const answers = await Promise.all(
    [...context.connections.keys()].map((name) => verifyTenant(context, name, signal)),
  );
  const others = answers.filter((answer) => answer?.reason.includes('; the stored ids belong to '));
  if (others.length > 0)
    throw new CausewayError(others.map((answer) => problem('other_tenant', `${answer?.reason ?? ''}.`)));
}
