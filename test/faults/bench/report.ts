/** What the bench says: progress, the faults that happened, the findings, and the verdict. */
import { readFileSync } from 'node:fs';
import { type Finding, verdicts } from './checker.ts';
import type { RunResult } from './run.ts';

export type Report = {
  ran(result: RunResult): void;
  /** Whether the finding that was waited for has come. */
  ended(): boolean;
  good(): boolean;
  /** Says the verdict, and gives the exit code. */
  end(): 0 | 1;
};

type Settings = {
  readonly json: boolean;
  readonly seed: number;
  readonly runs: number;
  readonly lanes: number;
  readonly folder: string;
  /** Ends the bench at the first finding that matches. */
  readonly until: RegExp | null;
};

const mostShown = 20;
/** A series that is ended by force leaves its verdict in what it has printed. */
const soFarEvery = 50;

const inWords = ({ verdict, record, expected, found }: Finding): string =>
  `${verdict}: ${record}: expected ${expected}; found ${found}`;

/** CPU seconds of this process and of all its children that have ended; null where the system does not tell. */
function cpuSeconds(): number | null {
  try {
    const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ') ?? [];
    return [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0) / 100;
  } catch {
    return null;
  }
}

export function report(settings: Settings): Report {
  const began = Date.now();
  const results: RunResult[] = [];
  let caught: string | null = null;
  const print = (text: string): void => void (settings.json || process.stdout.write(`${text}\n`));
  print(
    `Fault bench: seed ${settings.seed}, ${settings.runs} runs on ${settings.lanes} lanes, in ${settings.folder}`,
  );
  return {
    ended: () => caught !== null,
    good: () => results.every(({ findings }) => findings.length === 0),
    ran(result) {
      // Runs that were under way when it was caught do not count.
      if (caught !== null) return;
      results.push(result);
      caught = result.findings.map(inWords).find((words) => settings.until?.test(words)) ?? null;
      for (const line of linesOf(result, results.length, settings.runs)) print(line);
      if (results.length % soFarEvery === 0) print(`so far: ${verdictOf(results)}`);
    },
    end() {
      const seconds = (Date.now() - began) / 1000;
      const faults = faultsOf(results);
      const totals = verdicts.map((verdict) => [verdict, countOf(results, verdict)] as const);
      const cpu = cpuSeconds();
      const each = (sum: number): string => (sum / Math.max(1, results.length)).toFixed(1);
      print('\nFaults that happened:');
      for (const [kind, count] of faults) print(`  ${String(count).padStart(6)}  ${kind}`);
      const wall = each(results.reduce((sum, { ms }) => sum + ms, 0) / 1000);
      print(
        `\n${seconds.toFixed(0)} s; each run took ${wall} s${cpu === null ? '' : ` and ${each(cpu)} CPU seconds`}`,
      );
      print(verdictOf(results));
      const findings = results.flatMap(({ seed, findings }) =>
        findings.map((finding) => ({ seed, ...finding })),
      );
      const counts = { runs: results.length, ...Object.fromEntries(totals) };
      if (settings.json)
        process.stdout.write(
          `${JSON.stringify({ seed: settings.seed, ...counts, until: caught, folder: settings.folder, seconds, cpuSeconds: cpu, faults: Object.fromEntries(faults), findings })}\n`,
        );
      return findings.length > 0 ? 1 : 0;
    },
  };
}

function linesOf(result: RunResult, nth: number, runs: number): string[] {
  const { findings, seed, folder } = result;
  const faults = [...result.faults.values()].reduce((sum, count) => sum + count, 0);
  const verdict = findings.length === 0 ? 'good' : `${findings.length} FINDINGS`;
  const head = `${String(nth).padStart(4)}/${runs}  seed ${seed}  ${faults} faults  ${(result.ms / 1000).toFixed(1)} s  ${verdict}`;
  if (findings.length === 0) return [head];
  const more = findings.length - mostShown;
  return [
    head,
    ...findings.slice(0, mostShown).map((finding) => `      ${inWords(finding)}`),
    ...(more > 0 ? [`      and ${more} more, in findings.json`] : []),
    `      replay: npm run test:faults -- --seed ${seed} --runs 1    logs: ${folder}`,
  ];
}

function faultsOf(results: readonly RunResult[]): [string, number][] {
  const faults = new Map<string, number>();
  for (const result of results)
    for (const [kind, count] of result.faults) faults.set(kind, (faults.get(kind) ?? 0) + count);
  return [...faults].toSorted();
}

const verdictOf = (results: readonly RunResult[]): string =>
  [`runs ${results.length}`, ...verdicts.map((verdict) => `${verdict} ${countOf(results, verdict)}`)].join(
    ', ',
  );

const countOf = (results: readonly RunResult[], verdict: Finding['verdict']): number =>
  results.reduce((sum, { findings }) => sum + findings.filter((one) => one.verdict === verdict).length, 0);
