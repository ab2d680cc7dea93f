/** What the bench says: progress, the faults that happened, the findings, and the verdict. */
import { resourceUsage } from 'node:process';
import { readFileSync } from 'node:fs';
import { verdicts } from './checker.ts';
import type { RunResult } from './run.ts';

export type Report = {
  ran(result: RunResult): void;
  /** Says the verdict, and gives the exit code. */
  end(): 0 | 1;
};

type Settings = {
  readonly json: boolean;
  readonly seed: number;
  readonly runs: number;
  readonly lanes: number;
  readonly folder: string;
};

/** CPU seconds of this process and of all its children that have ended, where the system tells. */
function cpuSeconds(): number | null {
  try {
    const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ') ?? [];
    const ticks = [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0);
    return ticks / 100;
  } catch {
    const { userCPUTime, systemCPUTime } = resourceUsage();
    return (userCPUTime + systemCPUTime) / 1e6;
  }
}

export function report(settings: Settings): Report {
  const began = Date.now();
  const results: RunResult[] = [];
  const print = (text: string): void => void (settings.json || process.stdout.write(`${text}\n`));
  print(
    `Fault bench: seed ${settings.seed}, ${settings.runs} runs on ${settings.lanes} lanes, in ${settings.folder}`,
  );
  return {
    ran(result) {
      results.push(result);
      const faults = [...result.faults.values()].reduce((sum, count) => sum + count, 0);
      const verdict = result.findings.length === 0 ? 'good' : `${result.findings.length} FINDINGS`;
      print(
        `${String(results.length).padStart(4)}/${settings.runs}  seed ${result.seed}  ${faults} faults  ${(result.ms / 1000).toFixed(1)} s  ${verdict}`,
      );
      for (const finding of result.findings)
        print(
          `      ${finding.verdict}: ${finding.record}: expected ${finding.expected}; found ${finding.found}`,
        );
      if (result.findings.length > 0)
        print(
          `      replay: npm run test:faults -- --seed ${result.seed} --runs 1    logs: ${result.folder}`,
        );
    },
    end() {
      const faults = new Map<string, number>();
      for (const result of results)
        for (const [kind, count] of result.faults) faults.set(kind, (faults.get(kind) ?? 0) + count);
      const totals = verdicts.map(
        (verdict) =>
          [
            verdict,
            results.reduce(
              (sum, { findings }) => sum + findings.filter((finding) => finding.verdict === verdict).length,
              0,
            ),
          ] as const,
      );
      const seconds = (Date.now() - began) / 1000;
      const cpu = cpuSeconds();
      print('\nFaults that happened:');
      for (const [kind, count] of [...faults].toSorted()) print(`  ${String(count).padStart(6)}  ${kind}`);
      print(
        `\n${seconds.toFixed(0)} s, ${(results.reduce((sum, { ms }) => sum + ms, 0) / 1000 / results.length).toFixed(1)} s for each run${cpu === null ? '' : `, ${(cpu / results.length).toFixed(1)} CPU seconds for each run`}`,
      );
      print(`runs ${results.length}, ${totals.map(([verdict, count]) => `${verdict} ${count}`).join(', ')}`);
      if (settings.json)
        process.stdout.write(
          `${JSON.stringify({ seed: settings.seed, runs: results.length, ...Object.fromEntries(totals), seconds, cpuSeconds: cpu, faults: Object.fromEntries(faults), findings: results.flatMap(({ seed, findings }) => findings.map((finding) => ({ seed, ...finding }))) })}\n`,
        );
      return totals.some(([, count]) => count > 0) ? 1 : 0;
    },
  };
}
