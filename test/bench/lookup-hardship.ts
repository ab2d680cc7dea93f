/** What callers get from a system that hangs, refuses, drips or answers with rubbish, and what it costs the process. */
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { troubledErp, troubles } from '../lookup/troubled-erp.ts';
import { openFiles, type Served, serveCauseway, writeConfig } from './lookup-hall.ts';
import { answered, askOnce, inWords, spread } from './lookup-load.ts';

const deadlineMs = 300;
const atOnce = 50;

export type Hardship = {
  readonly folder: string;
  readonly erp: Served;
  readonly records: number;
  /** How many callers ask during each trouble. */
  readonly callers: number;
  readonly keyOf: (n: number) => string;
  readonly say: (line: string) => void;
};

/** Puts a door in front of the stand-in, and a new Causeway behind it. */
export async function hardship({ folder, erp, records, callers, keyOf, say }: Hardship): Promise<void> {
  const door = await troubledErp(erp.url);
  const behind = `settings: { url: "${door.url}", database: odoo, username: admin, apiKey: sandbox-api-key }`;
  const causeway = await serveCauseway(await writeConfig(folder, 'troubled', records, behind));
  try {
    const urlOf = (n: number): string => `${causeway.url}/v1/lookups/live/${keyOf(n)}`;
    await answered(urlOf(0));
    for (const trouble of troubles) {
      const before = await holdings(causeway);
      const requests = door.requests;
      door.trouble = trouble;
      const times = await askMany(urlOf, callers);
      await sleep(1000);
      const after = await holdings(causeway);
      say(
        `An ERP that ${trouble === 'rubbish' ? 'answers with rubbish' : trouble}: ${times.length} callers with a deadline of ${deadlineMs} ms`,
      );
      say(`  ${inWords(spread(times))}; ${door.requests - requests} requests reached it`);
      say(
        `  heap in use ${before.megabytes} → ${after.megabytes} MB, open files ${before.files} → ${after.files}`,
      );
      door.trouble = 'well';
      await answered(urlOf(0));
    }
  } finally {
    await causeway.stop();
    await door.close();
  }
}

const holdings = async (causeway: Served): Promise<{ megabytes: number; files: number }> => ({
  megabytes: await causeway.heap(),
  files: await openFiles(causeway.pid),
});

async function askMany(urlOf: (n: number) => string, count: number): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  const headers = { 'request-timeout-ms': String(deadlineMs) };
  const times: number[] = [];
  let n = 0;
  const caller = async (): Promise<void> => {
    while (n < count) {
      const { status, ms } = await askOnce(urlOf(n++), agent, { headers });
      if (status < 400) throw new Error(`answered with ${status}`);
      times.push(ms);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, caller));
  agent.destroy();
  return times;
}
