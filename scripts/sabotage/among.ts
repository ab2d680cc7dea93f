import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The integration tests in whose files a name stands; all of them where none tells. Loading one file is soon done. */
export function filesNaming(test: string, root: string): readonly string[] {
  const folder = 'test/integration';
  const files = readdirSync(join(root, folder)).filter((name) => name.endsWith('.test.ts'));
  const naming = files.filter((name) => readFileSync(join(root, folder, name), 'utf8').includes(test));
  const chosen = naming.length === 0 ? [folder] : naming.map((name) => join(folder, name));
  return ['--project', 'integration', ...chosen];
}
