import { setTimeout as sleep } from 'node:timers/promises';
import { problem } from '../errors/catalogue.ts';
import { CausewayError } from '../errors/error.ts';
import { didYouMean } from '../errors/suggestion.ts';
import { bodyWithAge } from '../lookup/body.ts';
import type { Outcome, Refusal, Replied } from '../lookup/outcome.ts';
import type { Lookup } from '../mapping/lookup/lookup.ts';
import type { MappingFolder } from '../sync/mapping-folder.ts';
import { type ExitCode, type GlobalOptions, inReading, print } from './session.ts';

/**
 * `causeway lookup NAME KEY`: asks the systems now, as a caller of the HTTP interface would. Exit code 1 when there is
 * no such record, it is not in the ERP yet, or a system refuses the question; 3 when a system does not answer.
 */
export function lookup(name: string, key: string, options: GlobalOptions): Promise<ExitCode> {
  return inReading({ ...options, systems: 'open' }, async ({ reading, shutdown, json }) => {
    const declared = requireLookup(reading.folder, name);
    const service = reading.lookups;
    if (reading.schema === 'missing') {
      const sentence = 'Nothing has been carried yet, so that no record is linked.';
      print(json, { kind: 'not_found', sentence }, sentence);
      return 1;
    }
    await service.look();
    const asking = { deadlineMs: null, signal: () => shutdown.soft };
    let outcome = await service.answer(declared, key, asking);
    // A command asks for the first time, and what a system looks like has to be learnt then.
    if (outcome.kind === 'late') {
      await sleep(outcome.retryAfterSeconds * 1000, undefined, { signal: shutdown.soft });
      outcome = await service.answer(declared, key, asking);
    }
    if (outcome.kind === 'reply') print(json, JSON.parse(bodyWithAge(outcome)), render(outcome));
    else print(json, outcome, sentenceOf(outcome));
    return exitOf(outcome);
  });
}

function requireLookup(folder: MappingFolder, name: string): Lookup {
  const found = folder.lookups().find((one) => one.name === name);
  if (found !== undefined) return found;
  const names = folder.lookups().map((one) => one.name);
  const hint = didYouMean(name, names) || (names.length === 0 ? '.' : `. There are: ${names.join(', ')}.`);
  throw new CausewayError([
    problem(
      'unknown_lookup',
      `No lookup is named ${name}${hint} \`causeway check\` shows the problems of files.`,
    ),
  ]);
}

const exitOf = ({ kind }: Outcome): ExitCode => {
  if (kind === 'reply') return 0;
  return kind === 'late' || kind === 'unavailable' || kind === 'too_many' ? 3 : 1;
};

/** For a person: each value under its name, and of when it is. */
function render(replied: Replied): string {
  const { reply, cut, unknown, asOf, origin } = JSON.parse(bodyWithAge(replied)) as {
    readonly reply: { readonly [name: string]: unknown };
    readonly cut: readonly string[];
    readonly unknown: readonly string[];
    readonly asOf: string;
    readonly origin: string;
  };
  const width = Math.max(0, ...Object.keys(reply).map((name) => name.length));
  return [
    ...Object.entries(reply).map(([name, value]) => `${name.padEnd(width)}  ${inWords(value)}`),
    ...cut.map((list) => `There are more ${list} than are shown.`),
    ...(unknown.length === 0 ? [] : [`Not known at the moment: ${unknown.join(', ')}.`]),
    `As of ${asOf} (${origin}; the systems took ${Math.round(replied.vendorMs)} ms).`,
  ].join('\n');
}

function inWords(value: unknown): string {
  if (value === null) return '-';
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return JSON.stringify(value);
  return value.length === 0 ? 'none' : value.map((row) => `\n    ${JSON.stringify(row)}`).join('');
}

function sentenceOf(refusal: Refusal): string {
  switch (refusal.kind) {
    case 'not_linked':
      return `${refusal.standing.message} ${refusal.standing.next}`;
    case 'late':
      return `There was no answer within ${refusal.deadlineMs} ms.`;
    case 'rejected':
      return refusal.problems.map(({ field, message }) => `${field}: ${message}`).join('\n');
    default:
      return refusal.sentence;
  }
}
