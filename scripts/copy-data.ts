/** Copies into dist/ what the program reads at run time and the compiler leaves behind: the sandboxes' data. */
import { cpSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const data = 'connectors/hubspot/sandbox/northwind';
cpSync(join(root, data), join(root, 'dist', data), {
  recursive: true,
  filter: (path) => !path.endsWith('.ts'),
});
