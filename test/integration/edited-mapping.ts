import { readMappings } from '../../src/mapping/read.ts';
import type { CompiledMapping } from '../../src/mapping/compile.ts';
import { openDatabase } from '../../src/store/database.ts';
import { type ReadingContext, readingOnly } from '../../src/sync/reading.ts';
import type { Journey } from './journey.ts';
import { closeLater, type Setting } from './setting.ts';
import { startJourney } from './journey.ts';
import { memorySink, memorySource } from './memory-systems.ts';

/** A mapping file of customers, with `rules` under `fields`. */
export function customers(rules: string, rest = ''): CompiledMapping {
  const text = `flow: customers\nread: { from: crm, entity: companies }\nwrite: { to: erp, entity: res.partner }\nfields:\n${rules
    .trim()
    .replaceAll(/^\s*/gm, '  ')}\n${rest}`;
  return compiled([{ path: 'mappings/customers.yaml', text }])[0] as CompiledMapping;
}

/** Compiles mapping files that must be sound. */
export function compiled(
  files: { path: string; text: string }[],
  values: { path: string; text: string }[] = [],
) {
  const { mappings, problems } = readMappings(files, values);
  if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join('; '));
  return mappings;
}

/** A journey whose mappings can be edited while it goes on, as hot reload does. */
export type Edited = Setting & {
  edit(...mappings: CompiledMapping[]): void;
  readonly reading: ReadingContext;
};

export const carriedBy = (...mappings: CompiledMapping[]): Promise<Edited> => carriedInBatches(50, mappings);

export async function carriedInBatches(batch: number, mappings: CompiledMapping[]): Promise<Edited> {
  const [source, sink] = [memorySource(), memorySink()];
  let current: readonly CompiledMapping[] = mappings;
  const journey: Journey = await startJourney({
    connections: { crm: { source, sink: null }, erp: { source: null, sink } },
    mappings,
    batch,
    current: () => current,
  });
  const database = openDatabase(journey.url, { max: 2, readOnly: true, onError: () => {} });
  closeLater({ ...journey, close: () => database.end().then(() => journey.close()) });
  const reading: ReadingContext = {
    database,
    connections: new Map([...journey.context.connections].map(([name, open]) => [name, readingOnly(open)])),
    mappings: () => current,
    now: journey.context.now,
  };
  return { source, sink, journey, reading, edit: (...edited) => void (current = edited) };
}
