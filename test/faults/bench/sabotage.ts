/**
 * Shows that the bench finds what it is there to find: plants one bug at a time in a copy of the sources, and runs the
 * bench on the copy until it is caught.
 */
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

type Sabotage = {
  readonly name: string;
  readonly what: string;
  readonly file: string;
  readonly take: string;
  readonly put: string;
  /** What a finding says that this bug has caused. */
  readonly betrayedBy: string;
};

const sabotages: readonly Sabotage[] = [
  {
    name: 'cursor-first',
    what: 'the cursor is committed before its page and its jobs',
    file: 'src/sync/detect.ts',
    take: 'const moved = await advanceCursor(tx, {',
    put: 'const moved = await advanceCursor(context.database, {',
    betrayedBy: 'there is no link for it|the mirror holds|exactly one state',
  },
  {
    name: 'no-intent',
    what: 'a create is sent without an intent',
    file: 'src/store/intent.ts',
    take: "await sql.query({ name: 'commit_intents',",
    put: "if (intents.length < 0) await sql.query({ name: 'commit_intents',",
    betrayedBy: '^duplicated',
  },
  {
    name: 'no-fence',
    what: 'a worker settles although its lease is gone',
    file: 'src/sync/settle.ts',
    take: 'const ours = batch.filter(({ job }) => completed.has(job.id) || failed.has(job.id));',
    put: 'const ours = batch.filter(({ job }) => completed.has(job.id) || failed.has(job.id) || job.id !== "");',
    betrayedBy: 'created once|the runs counted|^stale|^lost',
  },
  {
    name: 'by-index',
    what: 'outcomes are matched by their place, and not by their id',
    file: 'src/sync/push.ts',
    take: 'const byId = new Map(outcomes.map((outcome) => [outcome.id, outcome]));',
    put: 'const byId = new Map(outcomes.map((outcome, index) => [batch[index]?.id ?? outcome.id, outcome]));',
    betrayedBy: '^(lost|stale|duplicated)',
  },
  {
    name: 'silence',
    what: 'an outcome that is missing counts as success',
    file: 'src/sync/push.ts',
    take: "settled.set(item.id, { status: 'failed', fault: unanswered(item.id), whole: false });",
    put: "settled.set(item.id, { status: 'created', targetId: item.targetId ?? item.id });",
    betrayedBy: '^(lost|stale|duplicated)',
  },
  {
    name: 'counted-429',
    what: 'a rate limit uses up an attempt',
    file: 'src/sync/conclude.ts',
    take: "if (rule.action === 'hold' ||",
    put: "if ((rule.action === 'hold' && fault.kind !== 'rate_limited') ||",
    betrayedBy: 'uses up no attempt',
  },
];

const mostRuns = 50;
const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Plants the bugs one after the other, or the one that is named. Gives 0 when each was caught. */
export async function sabotage(
  name: string,
  options: { readonly seed: number; readonly lanes: string | undefined },
): Promise<0 | 1 | 2> {
  const chosen = sabotages.filter((one) => name === '' || one.name === name);
  if (chosen.length === 0) {
    process.stderr.write(
      `There is no sabotage named ${name}: there are ${sabotages.map((one) => one.name).join(', ')}.\n`,
    );
    return 2;
  }
  const copy = mkdtempSync(join(tmpdir(), 'causeway-fault-sabotage-'));
  try {
    for (const part of ['src', 'connectors', 'test', 'package.json', 'tsconfig.json'])
      cpSync(join(root, part), join(copy, part), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    let survived = 0;
    for (const one of chosen) {
      const runs = await caughtAfter(copy, one, options);
      survived += runs === null ? 1 : 0;
      const verdict =
        runs === null ? `SURVIVED ${mostRuns} runs` : `caught after ${runs} ${runs === 1 ? 'run' : 'runs'}`;
      process.stdout.write(`${verdict.padEnd(20)}  ${one.name}: ${one.what}\n`);
    }
    process.stdout.write(`${chosen.length - survived} caught, ${survived} survived\n`);
    return survived === 0 ? 0 : 1;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

type Said = { readonly runs: number; readonly until: string | null; readonly folder: string };

/** How many runs the bench took to find the bug; null when it did not. */
async function caughtAfter(
  copy: string,
  { file, take, put, betrayedBy }: Sabotage,
  { seed, lanes }: { readonly seed: number; readonly lanes: string | undefined },
): Promise<number | null> {
  const path = join(copy, file);
  const before = readFileSync(path, 'utf8');
  // The formatter may have broken the line; white space does not count.
  const words = take
    .trim()
    .split(/\s+/)
    .map((word) => RegExp.escape(word));
  const pattern = new RegExp(words.join('\\s+'));
  if (!pattern.test(before)) throw new Error(`${file} no longer holds: ${take}`);
  writeFileSync(
    path,
    before.replace(pattern, () => put),
  );
  try {
    const args = ['--seed', String(seed), '--runs', String(mostRuns), '--until', betrayedBy, '--json'];
    const said = await output(
      join(copy, 'test/faults/bench/main.ts'),
      lanes === undefined ? args : [...args, '--lanes', lanes],
    );
    const { runs, until, folder } = JSON.parse(said) as Said;
    rmSync(folder, { recursive: true, force: true });
    if (until !== null) process.stdout.write(`    ${until}\n`);
    return until === null ? null : runs;
  } finally {
    writeFileSync(path, before);
  }
}

function output(file: string, args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const { promise, resolve } = Promise.withResolvers<string>();
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.on('close', () => resolve(text.trim().split('\n').at(-1) ?? ''));
  return promise;
}
