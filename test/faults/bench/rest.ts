/** Waits for the end of a run: faults have ended, and everything comes to rest by itself. */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Crew } from './crew.ts';
import { type Newest, progressOf, stillMoving } from './snapshot.ts';

/** A run hangs when nothing has happened to any record for so long, or when it has not come to rest after the second. */
const silenceMs = 120_000;
const longestMs = 400_000;

/** Gives what still moves when the patience has ended; nothing where all is at rest. */
export async function comeToRest(
  url: string,
  newestInCrm: () => Promise<Newest>,
  crew: Pick<Crew, 'disturbances'>,
  note: (what: string) => void,
): Promise<string[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    const began = Date.now();
    let last = { progress: -1, at: began };
    let said = '';
    for (;;) {
      await sleep(500);
      const moving = await stillMoving(client, await newestInCrm());
      const away = crew.disturbances.some(
        ({ what, to }) => (what === 'stopped' || what === 'dead') && to > Date.now(),
      );
      if (moving.length === 0 && !away) return [];
      const waits = `waits for ${[...moving, ...(away ? ['a worker that is stopped or dead'] : [])].join('; ')}`;
      if (waits !== said) note(waits);
      said = waits;
      const progress = await progressOf(client);
      if (progress !== last.progress) last = { progress, at: Date.now() };
      if (Date.now() - last.at > silenceMs || Date.now() - began > longestMs) return moving;
    }
  } finally {
    await client.end();
  }
}
