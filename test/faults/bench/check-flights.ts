import type { Finding } from './checker.ts';
import type { Write } from './door.ts';
import type { Disturbance, Snapshot } from './snapshot.ts';

/** After a stop or a cut as long as a lease, another worker may rightly have taken over. */
const leaseMs = 15_000;

/** Two requests for one record in flight at once, where nothing explains it. */
export function judgeFlights({ truth, disturbances }: Snapshot): Finding[] {
  const names = new Map(
    truth.erp.flatMap(({ store, id, names }) =>
      names.map((name): [string, string] => [`${store} ${name}`, `${store} ${id}`]),
    ),
  );
  const nameOf = (key: string): string => names.get(key) ?? key;
  return Object.entries(truth.writes)
    .flatMap(([system, writes]) => meetings(system, writes, nameOf))
    .filter(({ one, other }) => !explained(one, disturbances) && !explained(other, disturbances))
    .map(({ key, one, other }) => ({
      verdict: 'unexplained',
      record: key,
      expected: 'one request for a record at a time',
      found: `${one.operation} of worker ${one.worker} and ${other.operation} of worker ${other.worker} at once`,
    }));
}

type Meeting = { readonly key: string; readonly one: Write; readonly other: Write };

function meetings(system: string, writes: readonly Write[], nameOf: (key: string) => string): Meeting[] {
  const arrived = writes.filter((write) => write.arrived).toSorted((one, other) => one.from - other.from);
  return arrived.flatMap((one, at) => {
    const keys = new Set(one.keys.map(nameOf));
    return arrived
      .slice(at + 1)
      .filter((other) => other.from < one.to)
      .flatMap((other) => {
        const key = other.keys.map(nameOf).find((candidate) => keys.has(candidate));
        return key === undefined ? [] : [{ key: `${system} ${key}`, one, other }];
      });
  });
}

/** The worker had gone, or had not been itself in the time before. */
const explained = (write: Write, disturbances: readonly Disturbance[]): boolean =>
  write.abandoned ||
  disturbances.some(
    ({ worker, from, to }) => worker === write.worker && from < write.to && to > write.from - 2 * leaseMs,
  );
