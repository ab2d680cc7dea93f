/** One that is waited for. */
type Waiting<K, V> = { readonly key: K } & PromiseWithResolvers<V>;

/**
 * Asks in one statement for all that came while the statements before were under way: a crowd costs a few statements,
 * and whoever comes alone waits for nobody. `load` answers in the order of its keys.
 */
export function together<K, V>(
  load: (keys: readonly K[]) => Promise<readonly V[]>,
  { atOnce, most }: { readonly atOnce: number; readonly most: number },
): (key: K) => Promise<V> {
  const waiting: Waiting<K, V>[] = [];
  let underWay = 0;
  const ask = async (batch: readonly Waiting<K, V>[]): Promise<void> => {
    try {
      const found = await load(batch.map(({ key }) => key));
      for (const [index, { resolve }] of batch.entries()) resolve(found[index] as V);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  };
  const advance = async (): Promise<void> => {
    if (underWay >= atOnce || waiting.length === 0) return;
    underWay += 1;
    await ask(waiting.splice(0, most));
    underWay -= 1;
    await advance();
  };
  return (key) => {
    const one = { key, ...Promise.withResolvers<V>() };
    waiting.push(one);
    void advance();
    return one.promise;
  };
}
