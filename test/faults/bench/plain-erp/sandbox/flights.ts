/** Two writing requests for one record that were under way at the same time: what must never happen. */
export type Overlap = {
  readonly at: string;
  readonly entity: string;
  /** The external reference or the record's id that both name. */
  readonly key: string;
  readonly requests: readonly [earlier: number, later: number];
};

/** Which writing requests are under way, from their arrival until they are answered and can write nothing more. */
export type Flights = {
  /** Begins a flight, and gives its number and the function that ends it. */
  begin(entity: string, keys: readonly string[]): { readonly number: number; end(): void };
  overlaps(): readonly Overlap[];
  underWay(): number;
};

export function flights(now: () => Date): Flights {
  const inTheAir = new Map<string, Set<number>>();
  const overlaps: Overlap[] = [];
  let last = 0;
  let underWay = 0;
  return {
    begin(entity, keys) {
      last += 1;
      underWay += 1;
      const number = last;
      for (const key of new Set(keys)) {
        const others = inTheAir.get(`${entity} ${key}`) ?? new Set();
        for (const other of others)
          overlaps.push({ at: now().toISOString(), entity, key, requests: [other, number] });
        inTheAir.set(`${entity} ${key}`, others.add(number));
      }
      const end = (): void => {
        underWay -= 1;
        for (const key of new Set(keys)) {
          const others = inTheAir.get(`${entity} ${key}`);
          others?.delete(number);
          if (others?.size === 0) inTheAir.delete(`${entity} ${key}`);
        }
      };
      return { number, end };
    },
    overlaps: () => overlaps,
    underWay: () => underWay,
  };
}
