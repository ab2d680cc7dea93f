import type { RunningSandbox, SandboxOptions } from '../../../src/connector/contract.ts';
import { openJournal } from '../../../src/connector/journal.ts';
import { misbehaviour, rulesSchema } from './misbehave.ts';
import { openPortal } from './portal.ts';
import type { Recorded } from './portal.ts';
import { seedEntries } from './seeds.ts';
import { sandboxServer } from './server.ts';
import { webhookSecret } from './webhooks.ts';
import { apply, emptyWorld } from './world.ts';

/** The only token that the sandbox accepts. */
const token = 'pat-sandbox-0000';

/** Starts a HubSpot account on loopback. Its README lists the data sets, the control surface and the rules. */
export async function sandbox(options: SandboxOptions): Promise<RunningSandbox> {
  const rules = rulesSchema.parse(options.misbehave);
  const closing = new AbortController();
  const journal = openJournal<Recorded>(options.file);
  const world = emptyWorld();
  if (journal.recovered.length === 0) {
    const at = options.now().getTime();
    for (const entry of seedEntries(options.seed, at)) apply(world, entry);
    journal.append({ seed: options.seed, at });
  }
  for (const one of journal.recovered) {
    for (const entry of 'seed' in one ? seedEntries(one.seed, one.at) : one.entries) apply(world, entry);
  }
  const rulesNow = misbehaviour(rules, () => options.now().getTime(), closing.signal);
  const portal = openPortal(world, journal, rulesNow, options.now);
  const server = sandboxServer(portal, token);
  const url = await server.listen({ host: '127.0.0.1', port: options.port });
  return {
    url,
    // Nobody else uses this account: its limits need not be kept, and what is saved in it can be read at once.
    settings: {
      token,
      baseUrl: url,
      searchesPerSecond: 1000,
      requestsPerTenSeconds: 1_000_000,
      settledSeconds: 0,
      webhookSecret,
    },
    close: async () => {
      closing.abort();
      await portal.webhooks.close();
      await server.close();
      journal.close();
    },
  };
}
