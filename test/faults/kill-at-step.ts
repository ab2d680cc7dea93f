/** Carries everything once, and kills its own process without warning at a named step: `config step nth`. */
import { compose } from '../../src/compose.ts';
import { catchUp } from '../../src/sync/catch-up.ts';

const [configFile, step, nth] = process.argv.slice(2);
let seen = 0;
const never = new AbortController().signal;
const causeway = await compose({
  configFile,
  systems: 'open',
  halt: never,
  reached: (reached) => {
    if (reached === step && ++seen === Number(nth)) process.kill(process.pid, 'SIGKILL');
  },
});
const flows = causeway.context.mappings().map(({ flow }) => flow);
await catchUp(
  causeway.context,
  flows,
  'start',
  { dueWithinMs: Number.POSITIVE_INFINITY, closedForMs: 60_000, awaitReader: true },
  never,
);
await causeway.close();
