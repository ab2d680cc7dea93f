import { expect } from 'vitest';
import { Fault } from '../../src/connector/fault.ts';
import type { LetterId } from '../../src/store/dead-letter.ts';
import { chooseLetters, type LetterChoice } from '../../src/sync/dead-letters.ts';
import { type Redriven, redriveLetters } from '../../src/sync/redrive.ts';
import type { Journey } from './journey.ts';
import { between, type Setting, sql } from './setting.ts';

export const never = new AbortController().signal;

/** The ERP refuses every record whose name begins with `bad`. */
export const refused = (message = 'the name "bad" is not allowed'): Fault =>
  new Fault({
    kind: 'invalid_record',
    code: 'memory_refused',
    message,
    fields: [{ field: 'name', message }],
  });

export function refuseBad(at: Setting): void {
  at.sink.refuse = ({ fields }) => (JSON.stringify(fields['name']).startsWith('"bad') ? refused() : null);
}

/** A journey with so many dead letters, c0 and on, beside one good record. */
export async function withLetters(count: number): Promise<Setting> {
  const at = await between();
  refuseBad(at);
  at.source.put('good', { name: 'good' });
  for (let n = 0; n < count; n++) at.source.put(`c${n}`, { name: `bad ${n}`, country: n % 2 ? 'DE' : 'FR' });
  await at.journey.carry();
  return at;
}

const mappingOf = (journey: Journey) => {
  const [mapping] = journey.context.mappings();
  if (mapping === undefined) throw new Error('no mapping');
  return mapping;
};

export const choose = async (at: Setting, choice: LetterChoice = {}): Promise<readonly LetterId[]> =>
  (await chooseLetters(at.journey.context.database, mappingOf(at.journey), choice, never)).letters;

export const ids = (letters: readonly LetterId[]): string[] => letters.map(({ sourceId }) => sourceId);

export const redrive = (
  at: Setting,
  letters: readonly LetterId[],
  from: 'source' | 'mirror' = 'source',
): Promise<Redriven> =>
  redriveLetters(at.journey.context, mappingOf(at.journey), letters, {
    from,
    priority: 'interactive',
    onPage: () => {},
    signal: never,
  });

/** Wants link, table and queue to tell of the same dead records, once each. */
export async function expectOneLetterEach(journey: Journey, dead: readonly string[]): Promise<void> {
  const links = await sql<{ id: string }>(
    journey,
    `select source_id as id from link where state = 'dead' order by 1`,
  );
  const letters = await sql<{ id: string; job: string }>(
    journey,
    'select source_id as id, dead_letter.id::text as job from dead_letter order by 1',
  );
  const jobs = await sql<{ id: string; job: string }>(
    journey,
    `select singleton_key as id, id::text as job from causeway_jobs.job where name like '%/dead' order by 1`,
  );
  expect(links.map(({ id }) => id)).toEqual(dead);
  expect(letters.map(({ id }) => id)).toEqual(dead);
  expect(jobs).toEqual(letters);
}
