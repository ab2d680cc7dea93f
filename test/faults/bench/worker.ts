/**
 * A worker: Causeway as `causeway start` runs it, with the named steps of a record's journey in the hands of the
 * bench. Arguments: the configuration file, and the steps at which this life ends or stops. Says what happens to it
 * in lines of JSON on stdout; a line is out before the process is stopped.
 */
import './with-plain-erp.ts';
import { writeSync } from 'node:fs';
import { serve } from '../../../src/cli/serve.ts';
import { compose } from '../../../src/compose.ts';
import { outcomeTally } from '../../../src/http/tally.ts';
import { runService } from '../../../src/schedule/service.ts';
import { catchUp } from '../../../src/sync/catch-up.ts';
import type { Step } from '../../../src/sync/context.ts';
import type { StepPlan } from './plan.ts';

/** What a worker says of itself. */
export type WorkerLine =
  | { readonly up: string }
  | { readonly serving: true }
  | { readonly step: Step; readonly ending: StepPlan['ending'] };

const [configFile, planned = '[]'] = process.argv.slice(2);
let plans = JSON.parse(planned) as StepPlan[];
const seen = new Map<Step, number>();
const say = (line: WorkerLine): void => void writeSync(1, `${JSON.stringify(line)}\n`);

function reached(step: Step): void {
  const count = (seen.get(step) ?? 0) + 1;
  seen.set(step, count);
  const due = plans.find((plan) => plan.step === step && plan.nth === count);
  if (due === undefined) return;
  say({ step, ending: due.ending });
  process.kill(process.pid, due.ending === 'kill' ? 'SIGKILL' : 'SIGSTOP');
}

// The trouble is over: nothing that was planned happens any more.
process.on('message', () => void (plans = []));
process.on('disconnect', () => process.exit());
process.channel?.unref();

const soft = new AbortController();
const halt = new AbortController();
process.once('SIGTERM', () => {
  soft.abort(new Error('Causeway was told to stop'));
  setTimeout(() => halt.abort(new Error('Causeway was told to stop')), 1000).unref();
});

// Asked when it does not end: what it still waits for goes to the log.
process.on('SIGUSR2', () =>
  process.stderr.write(`waits for ${process.getActiveResourcesInfo().join()} after ${ending}\n`),
);
let ending = 'nothing';

const tally = outcomeTally();
const causeway = await compose({
  configFile,
  systems: 'open',
  halt: halt.signal,
  reached,
  onProgress: tally.take,
});
const { context } = causeway;
const config = {
  ...causeway.config,
  http: { ...causeway.config.http, host: '127.0.0.1', port: 0 },
};
const shutdown = { soft: soft.signal, halt: halt.signal, release: () => {} };
const serving = await serve({ causeway: { ...causeway, config }, shutdown, json: true }, tally);
say({ up: serving.url ?? '' });
const flows = context.mappings().map(({ flow }) => flow);
const patience = { dueWithinMs: 30_000, closedForMs: 120_000, awaitReader: true };
await catchUp(context, flows, 'start', patience, soft.signal).catch((error: unknown) => {
  // As `causeway start`: a database that was restarted just now is no reason to end.
  if (!soft.signal.aborted) context.log.error({ err: error }, 'the first run ended with an error');
});
ending = 'the catch-up';
say({ serving: true });
await runService(
  { ...causeway, retention: config.retention, waker: serving.waker, onRun: () => {} },
  soft.signal,
);
ending = 'the service';
await serving.close();
ending = 'the HTTP server';
await causeway.close();
ending = 'everything';
