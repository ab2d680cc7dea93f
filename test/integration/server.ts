import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { startEmbedded } from '../../src/store/embedded.ts';

/** Starts the PostgreSQL that the integration tests run on: the embedded one, in a folder of its own. */
export async function startServer(): Promise<{ url: string; stop(): Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'causeway-test-'));
  const server = await startEmbedded({ dir, log: pino({ level: 'silent' }) });
  return {
    url: server.url,
    async stop() {
      await server.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
