/** The programs that a run starts again and again, each made into one file, so that a start costs little. */
import { copyFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const besides = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** The files to start: a worker, and the command line. */
export type Programs = { readonly worker: string; readonly operator: string };

/**
 * Makes the programs of the sources as they are now; what is edited later is no part of the runs. Loading a thousand
 * small modules is four fifths of a start, and a worker that is killed has nothing of it.
 */
export async function makePrograms(folder: string): Promise<Programs> {
  const bundle = await rolldown({
    input: { worker: besides('worker.ts'), operator: besides('operator.ts') },
    platform: 'node',
    // They load their own data by names that no bundler can know.
    external: [/^i18n-iso-countries/, /^libphonenumber-js/],
    logLevel: 'silent',
  });
  await bundle.write({ dir: folder, format: 'esm', strictExecutionOrder: true });
  await bundle.close();
  // Where the program looks for its version and for what is not bundled.
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return { worker: join(folder, 'worker.js'), operator: join(folder, 'operator.js') };
}
