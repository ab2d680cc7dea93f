import { isMap, isPair, isScalar, type Node, parseDocument, visit, type YAMLError } from 'yaml';
import { problem } from '../errors/catalogue.ts';
import type { Problem } from '../errors/error.ts';
import { type Place, placeAt, withoutMark } from '../errors/source-text.ts';
import type { ConfigPath } from './config.ts';
import { mask, type MayShow } from './mask.ts';

/** The file: what it says, with every scalar as text, and where each part of it stands. */
export type ConfigDocument = {
  readonly value: unknown;
  readonly problems: readonly Problem[];
  /** The place of a value or of a key, or of the nearest thing around it. */
  readonly place: (path: ConfigPath, on?: 'key' | 'value') => Place;
};

/**
 * Reads the YAML of causeway.yaml. A key without a value counts as left out. Frames show the file as it is, except
 * for what may be a secret.
 */
export function readDocument(file: string, text: string, mayShow: MayShow): ConfigDocument {
  const source = withoutMark(text);
  const document = parseDocument(source, { schema: 'failsafe', prettyErrors: false });
  const shown = { path: file, text: mask(source, document, mayShow) };
  const problems: Problem[] = [];
  const complain = (message: string, [start, end]: readonly [number, number]): void => {
    const place = placeAt(shown, start, end);
    // One slip often makes the rest of its line unreadable.
    if (problems.at(-1)?.at?.line !== place.at.line)
      problems.push(problem('config_unreadable', message, place));
  };
  for (const fault of [...document.errors, ...document.warnings])
    complain(sentenceOf(fault, source), fault.pos);
  visit(document, {
    Alias: (_role, { source: name, range }) => {
      const message = `\`*${name}\` is an alias; write out what it stands for.`;
      complain(message, [range?.[0] ?? 0, range?.[1] ?? 0]);
    },
    Pair: (_role, pair) => {
      if (isScalar(pair.value) && pair.value.type === 'PLAIN' && pair.value.value === '') pair.value = null;
    },
  });
  return {
    value: problems.length > 0 ? {} : leftOut(document.toJS() ?? {}),
    problems,
    place: (path, on = 'value') => {
      const [start, end] = nodeAt(document.contents, path, on)?.range ?? [0, 0];
      return placeAt(shown, start, end);
    },
  };
}

/** What was left out is undefined: nothing else in a file without types can be null. */
function leftOut(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(leftOut);
  if (typeof value !== 'object' || value === null) return value ?? undefined;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, leftOut(entry)]));
}

function nodeAt(root: Node | null, path: ConfigPath, on: 'key' | 'value'): Node | null {
  let node = root;
  let nearest = root;
  for (const [depth, step] of path.entries()) {
    const pair = isMap(node) ? node.items.find(({ key }) => isScalar(key) && key.value === step) : undefined;
    if (!isPair(pair)) return nearest;
    const key = pair.key as Node;
    if (on === 'key' && depth === path.length - 1) return key;
    nearest = key;
    node = pair.value as Node | null;
  }
  return node ?? nearest;
}

const sentences: { readonly [code: string]: string } = {
  DUPLICATE_KEY: 'This key is given twice.',
  MULTIPLE_DOCS: 'A second document begins here; there is only one configuration in a file.',
  TAB_AS_INDENT: 'A tab stands where spaces are needed.',
  BAD_INDENT: 'The indentation does not fit what is around it, or a closing bracket is missing before.',
  MISSING_CHAR: 'A closing quote or bracket is missing.',
  BLOCK_AS_IMPLICIT_KEY: 'A colon and a space inside a value begin a new key; put the value in quotes.',
  TAG_RESOLVE_FAILED: 'Tags, words that begin with `!`, are not used here.',
};

function sentenceOf({ code, pos }: YAMLError, source: string): string {
  const line = source.slice(source.lastIndexOf('\n', pos[0] - 1) + 1).split('\n', 1)[0] ?? '';
  if (/[{[].*\$\{/u.test(line)) return 'Inside braces or brackets, ${NAME} must stand in quotes: "${NAME}".';
  return sentences[code] ?? 'This is not valid YAML.';
}
