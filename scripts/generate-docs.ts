/**
 * Writes the pages of docs/ that are made from the code. With `--check` it writes nothing, and fails when one of them
 * is out of date.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorsPage } from '../src/errors/page.ts';
import { caseEditorSchemaText } from '../src/mapping/editor/case-editor-schema.ts';
import { type Described, readDescribed } from '../src/mapping/described.ts';
import { editorSchemaText } from '../src/mapping/editor/editor-schema.ts';
import {
  lookupCaseEditorSchemaText,
  lookupEditorSchemaText,
} from '../src/mapping/editor/lookup-editor-schema.ts';
import { mappingReferencePage } from '../src/mapping/reference/reference-page.ts';

const pages: Readonly<Record<string, () => string>> = {
  'errors.md': errorsPage,
  'mapping-reference.md': mappingReferencePage,
  'schema/mapping.json': () => editorSchemaText(shippedDescriptions()),
  'schema/mapping-test.json': caseEditorSchemaText,
  'schema/lookup.json': lookupEditorSchemaText,
  'schema/lookup-test.json': lookupCaseEditorSchemaText,
};

/** What the sandboxes say of their entities; `causeway check --online` writes the file. */
function shippedDescriptions(): Described {
  const path = 'mappings/described.json';
  return readDescribed({ path, text: readFileSync(join(import.meta.dirname, '..', path), 'utf8') }).described;
}

const checking = process.argv.includes('--check');

for (const [name, page] of Object.entries(pages)) {
  const file = join(import.meta.dirname, '..', 'docs', name);
  const text = page();
  if (!checking) writeFileSync(file, text);
  else if (readFileSync(file, 'utf8') !== text) {
    process.stderr.write(`docs/${name} is out of date: run npm run docs\n`);
    process.exitCode = 1;
  }
}
