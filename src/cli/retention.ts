import type { RetentionConfig } from '../config/config.ts';

/** Why old values cannot be named, and what can be done without them. */
export const onlyHashes = (flow: string): string =>
  `causeway.yaml keeps only hashes of what ${flow} sends, so old values cannot be named; counts are exact. causeway plan ${flow} --live compares with what the ERP holds.`;

/** What is kept how long, in one sentence. */
export function retentionText({ history, runs, jobs, payloads }: RetentionConfig): string {
  const others = Object.entries(payloads.flows).filter(([, kept]) => kept !== payloads.default);
  const names = others.map(([flow]) => flow).join(', ');
  const said = { keep: 'what was last sent of each record', hashes: 'only hashes of what was sent' };
  const exceptions =
    names === '' ? '' : ` (${said[payloads.default === 'keep' ? 'hashes' : 'keep']} for ${names})`;
  return `Kept: history for ${inWords(history)}, finished runs for ${inWords(runs)}, finished jobs for ${inWords(jobs)}, ${said[payloads.default]}${exceptions}. Dead letters stay until they are cleared.`;
}

function inWords(seconds: number): string {
  const units = [
    ['day', 86_400],
    ['hour', 3600],
    ['minute', 60],
    ['second', 1],
  ] as const;
  const [unit, size] = units.find(([, size]) => seconds % size === 0) ?? units[3];
  const count = seconds / size;
  return count === 1 ? `1 ${unit}` : `${count} ${unit}s`;
}
