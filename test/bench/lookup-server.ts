/**
 * A Causeway that serves, carries when it is told to (the message `carry`, answered with `carried`), and tells what its heap
 * holds after a collection (`heap`, answered with megabytes) and where its database is (`database`). Usage: node --expose-gc test/bench/lookup-server.ts CONFIG
 */
import { compose } from '../../src/compose.ts';
import { serve } from '../../src/cli/serve.ts';
import { outcomeTally } from '../../src/http/tally.ts';
import { catchUp } from '../../src/sync/catch-up.ts';

const [configFile] = process.argv.slice(2);
const stop = new AbortController();
const { signal } = stop;
const causeway = await compose({ configFile, systems: 'open', halt: signal });
const shutdown = { soft: signal, halt: signal, release: () => {} };
const serving = await serve({ causeway, shutdown, json: true }, outcomeTally());
console.log(`listening at ${serving.url ?? ''}`);
const patience = { dueWithinMs: 1000, closedForMs: 30_000, awaitReader: true };
process.on('message', (message) => {
  if (message === 'heap') {
    // What nobody needs any more is no leak.
    globalThis.gc?.();
    process.send?.(Math.round(process.memoryUsage().heapUsed / 104_857.6) / 10);
  }
  if (message === 'database') process.send?.(causeway.context.database.options.connectionString);
  if (message !== 'carry') return;
  void catchUp(causeway.context, ['accounts'], 'sync', patience, signal).then(() =>
    process.send?.('carried'),
  );
});
process.once('SIGTERM', () => {
  stop.abort(new Error('the bench is over'));
  void serving
    .close()
    .then(() => causeway.close())
    .then(() => process.exit(0));
});
process.once('disconnect', () => process.exit(0));
