/** Writes the pages of docs/ that are made from the code. A test fails while one of them is out of date. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorsPage } from '../src/errors/page.ts';
import { editorSchemaText } from '../src/mapping/editor-schema.ts';
import { mappingReferencePage } from '../src/mapping/reference-page.ts';

const pages: Readonly<Record<string, () => string>> = {
  'errors.md': errorsPage,
  'mapping-reference.md': mappingReferencePage,
  'schema/mapping.json': editorSchemaText,
};

for (const [name, page] of Object.entries(pages)) {
  writeFileSync(join(import.meta.dirname, '..', 'docs', name), page());
}
