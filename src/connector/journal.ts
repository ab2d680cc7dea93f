import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

/** What a sandbox has committed, in order. An entry that `append` returned from survives SIGKILL. */
export type Journal<T> = {
  /** The entries found when the journal was opened. */
  readonly recovered: readonly T[];
  append(entry: T): void;
  close(): void;
};

/**
 * Opens the append-only file (one JSON entry a line) in which a sandbox keeps its state; null keeps nothing.
 * A last line that a kill cut short was never acknowledged, so it is dropped.
 */
export function openJournal<T>(file: string | null): Journal<T> {
  if (file === null) return { recovered: [], append: () => {}, close: () => {} };
  mkdirSync(dirname(file), { recursive: true });
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  if (whole.length < text.length) truncateSync(file, Buffer.byteLength(whole));
  const recovered = whole
    .split('\n')
    .filter((line) => line !== '')
    .map((line): T => JSON.parse(line));
  const descriptor = openSync(file, 'a');
  return {
    recovered,
    append: (entry) => void writeSync(descriptor, `${JSON.stringify(entry)}\n`),
    close: () => {
      fsyncSync(descriptor);
      closeSync(descriptor);
    },
  };
}
