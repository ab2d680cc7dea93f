import type { Limits } from './contract.ts';

type Allowance = Pick<Limits, 'concurrency' | 'rate'>;

/** How the allowance of a connection is divided where it is also asked by people who wait. */
export type Slices = { readonly lookups: Allowance; readonly sync: Allowance };

/** The part of a stated allowance that lookups have for themselves. */
const part = 0.25;

/** Where the vendor states no rate, lookups have at least so many requests at once for themselves. */
const leastAtOnce = 2;

/**
 * Divides the allowance, so that neither a backfill starves lookups nor lookups the sync. What a vendor states is kept to
 * in all: lookups have a quarter of it, the sync the rest. Where it states no rate, the concurrency is courtesy of ours:
 * lookups have as much again, and the sync keeps what it had.
 */
export function slicesOf({ concurrency, rate }: Allowance): Slices {
  if (rate === null) {
    return {
      lookups: { concurrency: Math.max(leastAtOnce, concurrency), rate },
      sync: { concurrency, rate },
    };
  }
  const own = (all: number): number => Math.max(1, Math.floor(all * part));
  const rest = (all: number): number => Math.max(1, all - own(all));
  return {
    lookups: { concurrency: own(concurrency), rate: { ...rate, requests: own(rate.requests) } },
    sync: { concurrency: rest(concurrency), rate: { ...rate, requests: rest(rate.requests) } },
  };
}
