/** Loads of the bench of lookups, and what is measured of them. */
import autocannon from 'autocannon';
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

export type Answered = { readonly status: number; readonly ms: number; readonly body: string };

/** One request over a kept-alive connection, with its time in milliseconds. */
export async function askOnce(url: string, agent: Agent, sent: Sent = {}): Promise<Answered> {
  try {
    return await ask(url, agent, sent);
  } catch {
    // A server closes connections that were idle; one that does so in this very moment has not read the request.
    return ask(url, agent, sent);
  }
}

function ask(url: string, agent: Agent, sent: Sent): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const method = sent.body === undefined ? 'GET' : 'POST';
    const outgoing = request(
      url,
      { agent, method, ...(sent.headers && { headers: sent.headers }) },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () =>
          resolve({
            status: answer.statusCode ?? 0,
            ms: performance.now() - started,
            body: Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    outgoing.on('error', reject).end(sent.body);
  });
}

/** What goes with a request; one with a body is a POST. */
export type Sent = { readonly headers?: { readonly [name: string]: string }; readonly body?: string };

export type Spread = { readonly p50: number; readonly p99: number; readonly most: number };

/** The middle, the 99th of a hundred, and the longest. */
export function spread(times: readonly number[]): Spread {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (part: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
  return { p50: at(0.5), p99: at(0.99), most: sorted.at(-1) ?? 0 };
}

/** As many requests as fifty connections can make; requests a second, and latencies. */
export async function flood(url: string, seconds: number): Promise<{ perSecond: number; p99: number }> {
  const result = await autocannon({ url, connections: 50, duration: seconds });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${result.non2xx + result.errors} were not answered`);
  return { perSecond: result.requests.average, p99: result.latency.p99 };
}

/** A number of requests at once, each over a connection of its own. */
export async function burst(url: string, count: number): Promise<Answered[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: count });
  const answers = await Promise.all(Array.from({ length: count }, () => askOnce(url, agent)));
  agent.destroy();
  return answers;
}

/**
 * So many requests a second, sent on time whether the earlier ones are answered or not, until told to end: what is
 * slow is not asked less often.
 */
export async function steadily(
  urlOf: (n: number) => string,
  perSecond: number,
  until: Promise<unknown>,
  sent?: Sent,
): Promise<Answered[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 200 });
  const asked: Promise<Answered>[] = [];
  const state = { over: false };
  void until.then(() => (state.over = true));
  const started = performance.now();
  for (let n = 0; !state.over; n++) {
    await sleep(Math.max(0, started + (n * 1000) / perSecond - performance.now()));
    asked.push(askOnce(urlOf(n), agent, sent));
  }
  const answers = await Promise.all(asked);
  agent.destroy();
  return answers;
}

export const show = (ms: number): string => `${ms.toFixed(ms < 10 ? 2 : 0)} ms`;

export const inWords = ({ p50, p99, most }: Spread): string =>
  `p50 ${show(p50)}, p99 ${show(p99)}, longest ${show(most)}`;

/** Asks until there is a good answer, and gives it. */
export async function answered(url: string): Promise<string> {
  const agent = new Agent({ keepAlive: true });
  try {
    for (let tries = 0; tries < 600; tries++) {
      const { status, body } = await askOnce(url, agent);
      if (status === 200) return body;
      await sleep(50);
    }
    throw new Error(`${url} was not answered`);
  } finally {
    agent.destroy();
  }
}
