import type { Logger } from 'pino';
import type { SharedBudget } from '../connector/budget.ts';
import { presentPriority, priorities } from '../connector/priority.ts';
import type { Database } from '../store/database.ts';
import { type Allowance, endTurn, keepTurns, slowDown, takeTurn } from '../store/request-turn.ts';
import type { SyncContext } from './context.ts';

/** How often a process says that its requests are still under way, in milliseconds: well within their ten seconds. */
const beatMs = 3000;

/**
 * Keeps the allowance of one connection over all processes, through Postgres: at most so many requests at once and in
 * a stretch of time, the more urgent first. A database that does not answer holds no request up: then this process keeps
 * to the limits by itself.
 */
export function requestTurns(parts: {
  readonly database: Database;
  readonly connection: string;
  readonly holder: string;
  /** What is allowed at this moment. */
  readonly allowance: () => Allowance;
  readonly sleep: SyncContext['sleep'];
  readonly log: Logger;
}): SharedBudget {
  const { database, connection, holder, allowance } = parts;
  const underWay = new Set<string>();
  let beat: NodeJS.Timeout | undefined;
  const quietly = (work: Promise<void>): void =>
    void work.catch((error: unknown) =>
      parts.log.debug({ err: error }, 'the shared budget could not be kept'),
    );

  const begin = (id: string): (() => void) => {
    underWay.add(id);
    beat ??= setInterval(() => quietly(keepTurns(database, [...underWay])), beatMs).unref();
    return () => {
      underWay.delete(id);
      if (underWay.size === 0) {
        clearInterval(beat);
        beat = undefined;
      }
      quietly(endTurn(database, id, allowance().rate !== null));
    };
  };

  const ask = async (known: string | null): Promise<{ id: string; waitMs: number } | null> => {
    const priority = priorities[presentPriority()];
    try {
      return await takeTurn(database, { connection, holder, priority, known }, allowance());
    } catch (error) {
      parts.log.debug(
        { err: error },
        'the shared budget does not answer; this process keeps to the limits by itself',
      );
      return null;
    }
  };

  return {
    async take(signal) {
      for (let turn = await ask(null); turn !== null; turn = await ask(turn.id)) {
        if (turn.waitMs === 0) return begin(turn.id);
        try {
          await parts.sleep(turn.waitMs, signal);
        } catch (error) {
          quietly(endTurn(database, turn.id, false));
          throw error;
        }
      }
      return () => {};
    },
    slowDown: () => quietly(slowDown(database, connection, null)),
  };
}
