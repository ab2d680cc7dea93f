/** Runs the sandbox in a process of its own, so that a test can kill it: `node sandbox-process.ts FILE`. */
import { hubspot } from '../../../connectors/hubspot/index.ts';

const running = await hubspot.sandbox!({
  file: process.argv[2]!,
  seed: 'northwind',
  port: 0,
  misbehave: {},
  now: () => new Date(),
});
process.stdout.write(`${JSON.stringify({ url: running.url, token: running.settings['token'] })}\n`);
