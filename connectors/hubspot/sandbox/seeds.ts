import { northwind } from './northwind.ts';
import { idOf } from './world.ts';
import type { Entry } from './world.ts';

/** The entries of a data set: `empty`, `northwind`, or `companies:N` for N generated companies. Deterministic. */
export function seedEntries(seed: string, now: number): Iterable<Entry> {
  const generated = /^companies:(\d+)$/.exec(seed);
  if (generated) return companies(Number(generated[1]), now);
  if (seed === 'northwind') return northwind(now);
  if (seed === 'empty') return [];
  throw new Error(`The HubSpot sandbox has no data set "${seed}": it has empty, northwind and companies:N.`);
}

const places = [
  ['Berlin', 'Germany', '10115'],
  ['Lyon', 'France', '69001'],
  ['Sevilla', 'Spain', '41001'],
  ['Seattle', 'USA', '98101'],
  ['Bern', 'Switzerland', '3012'],
] as const;

function* companies(count: number, now: number): Generator<Entry> {
  for (let index = 0; index < count; index += 1) {
    const number = String(index + 1).padStart(6, '0');
    const [city, country, zip] = places[index % places.length]!;
    yield {
      op: 'put',
      type: 'companies',
      id: idOf('companies', index),
      properties: {
        name: `Company ${number}`,
        domain: `company-${number}.example`,
        phone: `+49 30 ${number}`,
        address: `Street ${(index % 240) + 1}`,
        city,
        zip,
        country,
      },
      at: now - 86_400_000 + Math.floor(index / 100) * 20,
    };
  }
}
