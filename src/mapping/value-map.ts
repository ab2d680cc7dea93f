import { problem } from '../errors/catalogue.ts';
import type { Problem } from '../errors/error.ts';
import { parseCsv } from './csv.ts';
import type { Declaration, ValueMapDeclaration } from './declaration.ts';
import type { Report } from './report.ts';
import { placeOfLine, type SourceText, withoutMark } from '../errors/source-text.ts';
import { didYouMean } from '../errors/suggestion.ts';
import type { YamlPath } from './yaml.ts';

/** A code table: what the source says, and what the ERP is told. Values match exactly, capitals and all. */
export type ValueMap = {
  readonly entries: ReadonlyMap<string, string>;
  readonly unknown: 'reject' | 'keep' | 'default';
  /** Where its rows stand in the mapping; null when they stand in a file. */
  readonly rowsAt: YamlPath | null;
  /** The file that it came from, or null. */
  readonly file: ValueFile | null;
};

export type ValueFile = {
  readonly path: string;
  readonly text: string;
  readonly entries: ReadonlyMap<string, string>;
  readonly problems: readonly Problem[];
};

/** A file with more of them was not meant to be a value file, or was saved by a program that does it wrong throughout. */
const mostProblems = 100;

/** Reads a CSV file with the columns `from`, `to` and, for people, `note`. */
export function readValueFile(file: SourceText): ValueFile {
  const text = withoutMark(file.text);
  const source = { path: file.path, text };
  const entries = new Map<string, string>();
  const problems: Problem[] = [];
  const wrong = (line: number, message: string): void => {
    problems.push(problem('mapping_value_file_bad', message, placeOfLine(source, line)));
  };
  const parsed = parseCsv(text);
  if ('openQuote' in parsed) {
    wrong(parsed.openQuote, 'a quoted cell is not closed, or something follows its closing quote');
    return { ...source, entries, problems };
  }
  const [header, ...rows] = parsed.rows;
  const columns = header?.cells.map((name) => name.trim()).join(',') ?? '';
  if (columns !== 'from,to' && columns !== 'from,to,note') {
    wrong(
      1,
      columns.includes(';')
        ? 'the columns are separated by semicolons; save the file with commas'
        : 'the first line must be `from,to`, or `from,to,note`',
    );
    return { ...source, entries, problems };
  }
  for (const { line, cells } of rows) {
    const [from = '', to] = cells;
    if (to === undefined || cells.length > 3)
      wrong(line, `a row has the cells from, to and perhaps note, and this one has ${cells.length}`);
    else if (entries.has(from)) wrong(line, `\`${from}\` stands in the file twice`);
    else entries.set(from, to);
    if (problems.length >= mostProblems) {
      wrong(line, `after ${mostProblems} rows that are wrong, the others were not looked at`);
      break;
    }
  }
  return { ...source, entries, problems };
}

/** Compiles the value maps of a mapping. One that is not sound is null; it has been reported, here or with its file. */
export function compileValueMaps(
  declared: NonNullable<Declaration['value_maps']>,
  mappingPath: string,
  files: readonly ValueFile[],
  report: Report,
): Map<string, ValueMap | null> {
  return new Map(
    Object.entries(declared).map(([name, map]) => [
      name,
      compileValueMap(map, ['value_maps', name], mappingPath, files, report),
    ]),
  );
}

function compileValueMap(
  declared: ValueMapDeclaration,
  path: YamlPath,
  mappingPath: string,
  files: readonly ValueFile[],
  report: Report,
): ValueMap | null {
  const { file, values, unknown = 'reject', ...pairs } = declared;
  const short = Object.entries(pairs).flatMap(([from, to]): [string, string][] =>
    typeof to === 'string' ? [[from, to]] : [],
  );
  const first = short[0];
  const form = file === undefined ? (values === undefined ? null : 'values') : 'file';
  if (form !== null && first !== undefined) {
    report(
      'mapping_conflict',
      `\`${first[0]}\` stands beside \`${form}\`; put the values under \`values\``,
      [...path, first[0]],
      'key',
    );
    return null;
  }
  if (file !== undefined && values !== undefined) {
    report(
      'mapping_conflict',
      '`file` and `values` do not go together; keep one of them',
      [...path, 'values'],
      'key',
    );
    return null;
  }
  if (form === null && declared.unknown !== undefined) {
    report(
      'mapping_conflict',
      'beside `unknown`, the values stand under `values`',
      [...path, 'unknown'],
      'key',
    );
    return null;
  }
  if (file !== undefined) return fromFile(file, unknown, path, mappingPath, files, report);
  const entries = new Map(values === undefined ? short : Object.entries(values));
  if (entries.size === 0) {
    report('mapping_missing_key', 'the value map has no values', path, 'key');
    return null;
  }
  return { entries, unknown, rowsAt: values === undefined ? path : [...path, 'values'], file: null };
}

function fromFile(
  name: string,
  unknown: ValueMap['unknown'],
  path: YamlPath,
  mappingPath: string,
  files: readonly ValueFile[],
  report: Report,
): ValueMap | null {
  const folder = mappingPath.replaceAll('\\', '/').split('/').slice(0, -1).join('/');
  const inFolder = (file: ValueFile): string => {
    const full = file.path.replaceAll('\\', '/');
    return folder !== '' && full.startsWith(`${folder}/`) ? full.slice(folder.length + 1) : full;
  };
  const found = files.find((file) => inFolder(file) === name);
  if (found === undefined) {
    report(
      'mapping_value_file_missing',
      `there is no file \`${name}\` beside the mapping${didYouMean(name, files.map(inFolder))}`,
      [...path, 'file'],
    );
    return null;
  }
  return found.problems.length > 0 ? null : { entries: found.entries, unknown, rowsAt: null, file: found };
}
