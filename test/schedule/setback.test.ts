import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { setback } from '../../src/schedule/setback.ts';

function listening() {
  const lines: string[] = [];
  let at = 0;
  const log = pino(
    { level: 'info' },
    { write: (line) => void lines.push((JSON.parse(line) as { msg: string }).msg) },
  );
  const trouble = setback(log, () => new Date(at), 'it did not work');
  return { lines, trouble, later: (ms: number) => void (at += ms) };
}

describe('rounds that go wrong again and again', () => {
  it('are told at once, and then once in ten minutes', () => {
    const { lines, trouble, later } = listening();
    for (let second = 0; second < 1500; second += 1) {
      trouble.met(new Error('gone'));
      later(1000);
    }
    expect(lines).toEqual(['it did not work', 'it did not work', 'it did not work']);
  });

  it('are told to be over when one goes well, and at once when the next does not', () => {
    const { lines, trouble } = listening();
    trouble.over();
    trouble.met(new Error('gone'));
    trouble.over();
    trouble.over();
    trouble.met(new Error('gone'));
    expect(lines).toEqual(['it did not work', 'this goes well again', 'it did not work']);
  });
});
