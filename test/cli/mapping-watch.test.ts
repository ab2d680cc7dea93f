import { describe, expect, it } from 'vitest';
import { watch } from '../../src/cli/mapping-watch.ts';

/** Looks at these one after the other, and is stopped when there are no more. */
async function watched(...looks: readonly string[]): Promise<[string, string | null][]> {
  const told: [string, string | null][] = [];
  const stop = new AbortController();
  let looked = 0;
  await watch({
    look: async () => looks[looked++] ?? '',
    pause: async () => {
      if (looked === looks.length) stop.abort();
    },
    signal: stop.signal,
    changed: (now, before) => void told.push([now, before]),
  });
  return told;
}

describe('watching', () => {
  it('tells of what there is at first, and then only of changes', async () => {
    expect(await watched('a', 'a', 'a')).toEqual([['a', null]]);
    expect(await watched('a', 'b', 'b', 'b', 'c', 'c')).toEqual([
      ['a', null],
      ['b', 'a'],
      ['c', 'b'],
    ]);
  });

  it('leaves a file that is still being written until two looks find the same', async () => {
    expect(await watched('a', '', 'half', 'whole', 'whole')).toEqual([
      ['a', null],
      ['whole', 'a'],
    ]);
  });

  it('says nothing of an edit that was taken back between two looks', async () => {
    expect(await watched('a', 'b', 'a', 'a', 'a')).toEqual([['a', null]]);
  });

  it('ends when it is told to while it waits, and passes every other failure on', async () => {
    const stop = new AbortController();
    const ended = watch({
      look: async () => 'a',
      pause: async () => {
        stop.abort();
        throw new Error('aborted');
      },
      signal: stop.signal,
      changed: () => {},
    });
    await expect(ended).resolves.toBeUndefined();
    const failed = watch({
      look: async () => 'a',
      pause: () => Promise.reject(new Error('the timer broke')),
      signal: new AbortController().signal,
      changed: () => {},
    });
    await expect(failed).rejects.toThrow('the timer broke');
  });
});
