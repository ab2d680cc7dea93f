import { expect, it } from 'vitest';
import { together } from '../../src/lookup/together.ts';

it('asks at once for who comes alone, and in one go for all that came meanwhile', async () => {
  const held = Promise.withResolvers<void>();
  const batches: string[][] = [];
  const lengthOf = together(
    async (keys: readonly string[]) => {
      batches.push([...keys]);
      await held.promise;
      return keys.map(({ length }) => length);
    },
    { atOnce: 2, most: 3 },
  );
  const answers = ['', 'a', 'bb', 'ccc', 'dddd', 'eeeee'].map(lengthOf);
  expect(batches).toEqual([[''], ['a']]);
  held.resolve();
  expect(await Promise.all(answers)).toEqual([0, 1, 2, 3, 4, 5]);
  expect(batches.slice(2)).toEqual([['bb', 'ccc', 'dddd'], ['eeeee']]);
});

it('fails those alone whose statement failed', async () => {
  const ask = together(
    async (keys: readonly number[]) => {
      if (keys.includes(1)) throw new Error('lost');
      return keys;
    },
    { atOnce: 1, most: 1 },
  );
  const [well, failed, after] = await Promise.allSettled([0, 1, 2].map(ask));
  expect([well?.status, failed?.status, after?.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});
