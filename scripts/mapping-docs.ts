/** Writes what is generated from the declaration of mapping files: the editor's schema and the reference page. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { mappingJsonSchema } from '../src/mapping/editor-schema.ts';
import { mappingReferencePage } from '../src/mapping/reference-page.ts';

const docs = new URL('../docs/', import.meta.url);
mkdirSync(new URL('schema/', docs), { recursive: true });
writeFileSync(new URL('schema/mapping.json', docs), `${JSON.stringify(mappingJsonSchema(), null, 2)}\n`);
writeFileSync(new URL('mapping-reference.md', docs), mappingReferencePage());
