import { hash } from 'node:crypto';

/** A set of ids that grows by sixteen bytes for each at the most, whatever their length. */
export type IdSet = {
  readonly size: number;
  add(id: string): void;
  has(id: string): boolean;
};

/**
 * Keeps 53 bits of a hash of each id: of a million ids, one that was never added is taken for one of them once in nine
 * thousand million times.
 */
export function idSet(): IdSet {
  // 0 marks a free place.
  let places = new Float64Array(1024);
  let size = 0;
  const placeOf = (print: number, table: Float64Array): number => {
    let place = print % table.length;
    while (table[place] !== 0 && table[place] !== print) place = (place + 1) % table.length;
    return place;
  };
  const grow = (): void => {
    const larger = new Float64Array(places.length * 2);
    for (const print of places) if (print !== 0) larger[placeOf(print, larger)] = print;
    places = larger;
  };
  return {
    get size() {
      return size;
    },
    add(id) {
      const print = printOf(id);
      const place = placeOf(print, places);
      if (places[place] === print) return;
      places[place] = print;
      size += 1;
      if (size * 2 > places.length) grow();
    },
    has: (id) => places[placeOf(printOf(id), places)] !== 0,
  };
}

function printOf(id: string): number {
  const bytes = hash('sha256', id, 'buffer');
  return (bytes.readUInt32BE(0) & 0x1f_ffff) * 0x1_0000_0000 + bytes.readUInt32BE(4) || 1;
}
