import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { caseEditorSchemaText } from '../mapping/editor/case-editor-schema.ts';
import { editorSchemaText } from '../mapping/editor/editor-schema.ts';
import {
  lookupCaseEditorSchemaText,
  lookupEditorSchemaText,
} from '../mapping/editor/lookup-editor-schema.ts';
import { sidesInWords, undescribed } from '../sync/descriptions.ts';
import { type ExitCode, type GlobalOptions, inDefinitions, print } from './session.ts';

/**
 * `causeway mapping schema`: writes the JSON schemas that give editors completion and help, with the field names of the
 * entities that were described. Where they go is where the first line of the shipped mappings looks for them.
 */
export function schema(options: GlobalOptions & { out?: string | undefined }): Promise<ExitCode> {
  return inDefinitions(options, async ({ config, folder }) => {
    const out = resolve(options.out ?? join(dirname(config.file), 'docs', 'schema'));
    const now = folder.described();
    const files = {
      [join(out, 'mapping.json')]: editorSchemaText(now),
      [join(out, 'mapping-test.json')]: caseEditorSchemaText(),
      [join(out, 'lookup.json')]: lookupEditorSchemaText(),
      [join(out, 'lookup-test.json')]: lookupCaseEditorSchemaText(),
    };
    await mkdir(out, { recursive: true });
    for (const [path, text] of Object.entries(files)) await writeFile(path, text);
    const unknown = undescribed(folder.current(), now, folder.lookups());
    const written = Object.keys(files).map((path) => relative(process.cwd(), path));
    const hint = relative(config.mappings, join(out, 'mapping.json'));
    print(
      options.json === true,
      { written, notDescribed: unknown },
      [
        `Written: ${written.slice(0, -1).join(', ')} and ${written.at(-1) ?? ''}.`,
        ...(unknown.length === 0
          ? []
          : [`Without the fields of ${sidesInWords(unknown)}: causeway check --online asks for them.`]),
        `An editor with a YAML language server uses it where a mapping begins with the line:`,
        `# yaml-language-server: $schema=${hint}`,
      ].join('\n'),
    );
    return 0;
  });
}
