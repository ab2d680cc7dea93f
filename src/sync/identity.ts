import { asFault } from '../connector/fault.ts';
import { problem } from '../errors/catalogue.ts';
import { CausewayError } from '../errors/error.ts';
import { rememberIdentity } from '../store/connection-state.ts';
import { noteFailure } from './connection-health.ts';
import type { OpenConnection, SyncContext } from './context.ts';

/**
 * Asks every connection which tenant it speaks to, and refuses to go on (`other_tenant`) when that is not the one
 * whose ids are stored: links made with one tenant must never be used with another. A system that does not answer
 * is held or paused, and asked again later.
 */
export async function rememberTenants(context: SyncContext, signal: AbortSignal): Promise<void> {
  const problems = await Promise.all(
    [...context.connections.values()].map((connection) => checkTenant(context, connection, signal)),
  );
  const found = problems.filter((found) => found !== null);
  if (found.length > 0) throw new CausewayError(found);
}

async function checkTenant(context: SyncContext, connection: OpenConnection, signal: AbortSignal) {
  try {
    const answer = await (connection.sink ?? connection.source)?.check(signal);
    if (answer === undefined) return null;
    const stored = await rememberIdentity(context.database, connection.name, answer.identity);
    if (stored === answer.identity) return null;
    return problem(
      'other_tenant',
      `The connection ${connection.name} now speaks to ${answer.identity}; the stored ids belong to ${stored}.`,
    );
  } catch (error) {
    signal.throwIfAborted();
    await noteFailure(context, connection.name, asFault(error));
    return null;
  }
}
