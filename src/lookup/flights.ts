import { timeLimit, type TimeLimit, TimeOver, unlessAborted } from './in-time.ts';

/** One piece of work that any number of callers wait for. */
type Flight<T> = {
  readonly result: Promise<T>;
  readonly controller: AbortController;
  callers: number;
  landed: boolean;
  /** Whether it goes on when nobody waits any more. */
  readonly lasting: boolean;
  readonly limitMs: number;
};

export type Flights<T> = {
  /**
   * Waits for the work under this key, and begins it where nobody has. A caller whose signal aborts leaves, and rejects
   * with its reason; the work goes on for the others. When the last has left, work that is not `lasting` is given up.
   */
  join(key: string, start: Start<T>, signal: AbortSignal): Promise<T>;
  /** Begins the work where nobody has, and waits for nothing. */
  begin(key: string, start: Start<T>): void;
  /** Whoever asks from now on begins anew: what is under way was asked before something changed. */
  forget(key: string): void;
};

export type Start<T> = {
  readonly limitMs: number;
  readonly lasting: boolean;
  readonly work: (signal: AbortSignal) => Promise<T>;
};

/** Makes one flight of identical waiting requests: single flight. The work has a time limit of its own. */
export function flights<T>(): Flights<T> {
  const underWay = new Map<string, Flight<T>>();

  const take = (key: string, { limitMs, lasting, work }: Start<T>): Flight<T> => {
    const known = underWay.get(key);
    if (known !== undefined) return known;
    const limit = timeLimit(limitMs);
    const controller = new AbortController();
    const signal = AbortSignal.any([limit.signal, controller.signal]);
    const result = unlessAborted(work(signal), signal);
    const flight: Flight<T> = { result, controller, callers: 0, landed: false, lasting, limitMs };
    underWay.set(key, flight);
    land(key, flight, limit);
    return flight;
  };
  /** Takes a flight off the list when it is over. Also hears of a failure that nobody waits for. */
  const land = (key: string, flight: Flight<T>, limit: TimeLimit): void => {
    const over = (): void => {
      limit.end();
      flight.landed = true;
      if (underWay.get(key) === flight) underWay.delete(key);
    };
    flight.result.then(over, over);
  };

  const abandon = (key: string, flight: Flight<T>, last: AbortSignal): void => {
    if (underWay.get(key) === flight) underWay.delete(key);
    // A caller whose time is that of the work leaves a moment before it ends: its time was over all the same.
    const reason: unknown = last.reason;
    const isLate = reason instanceof TimeOver;
    const giveUp = (): void =>
      flight.controller.abort(
        isLate && reason.ms >= flight.limitMs ? reason : new Error('nobody waits for it any more'),
      );
    // Whoever is late is answered first, and so are all whose time is over in the same moment.
    if (isLate) setImmediate(giveUp);
    else giveUp();
  };

  return {
    async join(key, start, signal) {
      const flight = take(key, start);
      flight.callers += 1;
      try {
        return await unlessAborted(flight.result, signal);
      } finally {
        flight.callers -= 1;
        if (flight.callers === 0 && !flight.lasting && !flight.landed) abandon(key, flight, signal);
      }
    },
    begin: (key, start) => void take(key, start),
    forget: (key) => void underWay.delete(key),
  };
}
