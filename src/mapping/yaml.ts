import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
  type Document,
  type Node,
  type Pair,
  type Scalar,
  type YAMLError,
  type YAMLMap,
} from 'yaml';
import { problem } from '../errors/catalogue.ts';
import type { Problem } from '../errors/error.ts';
import { lineAt, type Place, placeAt, type SourceText, withoutMark } from '../errors/source-text.ts';

/** Keys and list indexes that lead from the root of a file to a place in it. */
export type YamlPath = readonly (string | number)[];

/** A YAML file: what it says, what is wrong with it, and where each part of it stands. */
export type Yaml = {
  /** Groups, lists and what `scalar` made of the scalars; undefined when the file is not readable. */
  readonly plain: unknown;
  readonly problems: readonly Problem[];
  /** Whether the value at a path is written without quotes. */
  readonly isPlain: (path: YamlPath) => boolean;
  /** Where the key or the value at a path stands, or the nearest group around it. `within` counts into a text. */
  readonly place: (path: YamlPath, on: 'key' | 'value', within?: number) => Place;
};

/** Every scalar is the text that was written: `0123`, `1.10`, `NO`, `+49`, `1e3` and `~` stay as they are. */
export function textOf(node: Scalar): unknown {
  return typeof node.value === 'string' ? node.value : (node.source ?? '');
}

/**
 * Reads YAML without guessing at types (the failsafe schema): see `textOf`. Aliases and tags are refused, because
 * they hide what a line says. Duplicate keys are problems, and so is a second document.
 */
export function readYaml(file: SourceText, scalar: (node: Scalar) => unknown): Yaml {
  const source = { path: file.path, text: withoutMark(file.text) };
  if (source.text.length > mostCharacters) return tooLarge(source);
  const document = parseDocument(source.text, {
    schema: 'failsafe',
    prettyErrors: false,
    keepSourceTokens: false,
    // The library compares each key with every other; `groupOf` does it in one go.
    uniqueKeys: false,
  });
  const syntax = syntaxProblems(source, document);
  const found: Problem[] = [];
  const complain: Complain = (node, code, message) => {
    found.push(problem(code, message, placeOf(source, node)));
  };
  const plain = document.contents === null ? '' : plainOf(document.contents, scalar, complain);
  const problems = [...syntax, ...(syntax.length === 0 ? found : [])];
  return {
    plain: problems.some(({ code }) => code === 'mapping_unreadable') ? undefined : plain,
    problems,
    isPlain: (path) => {
      const node = nodeAt(document, path, 'value');
      return isScalar(node) && node.type === 'PLAIN';
    },
    place: (path, on, within) => placeOf(source, nodeAt(document, path, on), within),
  };
}

/** Some thousands of rules, which take a second or two to read; whoever needs more needs a value file. */
const mostCharacters = 500_000;

function tooLarge(source: SourceText): Yaml {
  const begin = placeAt({ path: source.path, text: source.text.slice(0, 1000) }, 0, 1);
  const [size, most] = [source.text.length, mostCharacters].map((count) => count.toLocaleString('en'));
  const message = `the file has ${size} characters, and ${most} are the most`;
  return {
    plain: undefined,
    problems: [problem('mapping_too_large', message, begin)],
    isPlain: () => false,
    place: () => begin,
  };
}

const syntaxMessages: { readonly [code: string]: string } = {
  BAD_SCALAR_START: 'a value cannot begin with this character; put the value in quotes',
  BAD_DQ_ESCAPE: 'inside double quotes a `\\` begins a special character; write `\\\\`, or use single quotes',
  BAD_INDENT: 'this line is not indented like those above it that belong to the same group',
  BLOCK_AS_IMPLICIT_KEY: 'a colon and a space inside a value begin a new key; put the value in quotes',
  BLOCK_IN_FLOW: 'a colon and a space inside a value begin a new key; put the value in quotes',
  MISSING_CHAR: 'a closing quote or bracket is missing',
  MULTIPLE_DOCS: 'a second document begins here; write one mapping in a file',
  TAB_AS_INDENT: 'a tab stands where spaces are needed',
  TAG_RESOLVE_FAILED: 'tags (words that begin with `!`) are not used here; every value is read as text',
};

function syntaxProblems(source: SourceText, document: Document.Parsed): Problem[] {
  const seen = new Set<number>();
  return [...document.errors, ...document.warnings].flatMap((error) => {
    // One mistake makes many: of each line the first is told, and of a file that is no YAML at all a hundred.
    const line = lineAt(source, error.pos[0]);
    if (seen.has(line) || seen.size >= 100) return [];
    seen.add(line);
    const place = placeAt(source, error.pos[0], error.pos[1]);
    return [problem('mapping_unreadable', syntaxMessage(error), place)];
  });
}

function syntaxMessage(error: YAMLError): string {
  if (error.code === 'BAD_INDENT' && error.message.startsWith('Flow'))
    return 'a closing `}` or `]` is missing, or it is not indented';
  if (error.message.includes('call stack')) return 'groups are nested too deeply';
  if (error.message.startsWith('Implicit')) return 'a colon is missing after this key';
  if (error.code === 'UNEXPECTED_TOKEN') return unexpected(error.message);
  return syntaxMessages[error.code] ?? 'from here on, the file cannot be read';
}

function unexpected(message: string): string {
  if (/-end token/.test(message)) return 'this closing bracket has no opening one';
  if (message.startsWith('Unexpected ,')) return 'there is a comma too many';
  return message.endsWith('at node end')
    ? 'something follows after the value has ended; put the whole value in quotes'
    : 'this does not belong here; put a value with special characters in quotes';
}

type Complain = (
  node: Node | null,
  code: 'mapping_unreadable' | 'mapping_unknown_key' | 'mapping_duplicate_key',
  message: string,
) => void;

function plainOf(node: Node | null, scalar: (node: Scalar) => unknown, complain: Complain): unknown {
  if (isScalar(node)) return scalar(node);
  if (isSeq<Node>(node)) return node.items.map((item) => plainOf(item, scalar, complain));
  if (isMap<Node, Node | null>(node)) return groupOf(node, scalar, complain);
  if (isAlias(node))
    complain(node, 'mapping_unreadable', `\`*${node.source}\` is an alias; write out what it stands for`);
  return '';
}

function groupOf(
  node: YAMLMap<Node, Node | null>,
  scalar: (node: Scalar) => unknown,
  complain: Complain,
): unknown {
  const group: { [key: string]: unknown } = {};
  for (const { key, value } of node.items) {
    if (!isScalar(key)) complain(key, 'mapping_unreadable', 'a key must be a plain word');
    else if (gluedKey(key) !== null) complain(key, 'mapping_unreadable', gluedKey(key) ?? '');
    else if (textOf(key) === '__proto__') complain(key, 'mapping_unknown_key', '`__proto__` cannot be a key');
    else {
      const name = String(textOf(key));
      if (Object.hasOwn(group, name)) complain(key, 'mapping_duplicate_key', `\`${name}\` is given twice`);
      group[name] = plainOf(value, scalar, complain);
    }
  }
  return group;
}

/** What is missing between a key and the group that follows it: `x{ from: id }`, `x:{ from: id }`. */
function gluedKey(key: Scalar): string | null {
  const [, name, colon] = (key.type === 'PLAIN' && /^([\w.-]+)\s*(:?)\s*\{/.exec(String(key.value))) || [];
  if (name === undefined) return null;
  return colon === ':' ? `a space is missing after \`${name}:\`` : `a colon is missing after \`${name}\``;
}

function placeOf(source: SourceText, node: Node | null, within = 0): Place {
  const [start, end] = node?.range ?? [0, 0];
  if (!isScalar(node) || within === 0) return placeAt(source, start, end);
  const quoted = node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE' ? 1 : 0;
  const written = source.text.slice(start + quoted, end - quoted);
  return written === node.value ? placeAt(source, start + quoted + within, end) : placeAt(source, start, end);
}

function nodeAt(document: Document.Parsed, path: YamlPath, on: 'key' | 'value'): Node | null {
  let node: Node | null = document.contents;
  let nearest: Node | null = node;
  for (const [depth, step] of path.entries()) {
    const pair: Pair<Node, Node | null> | undefined = isMap<Node, Node | null>(node)
      ? pairAt(node, step)
      : undefined;
    const next: Node | null | undefined = pair
      ? pair.value
      : isSeq<Node>(node)
        ? node.items[Number(step)]
        : undefined;
    if (next === undefined) return nearest;
    const last = depth === path.length - 1;
    if (pair && last && on === 'key') return pair.key;
    nearest = last ? (next ?? nearest) : (pair?.key ?? next ?? nearest);
    node = next;
  }
  return nearest;
}

function pairAt(
  node: YAMLMap<Node, Node | null>,
  step: string | number,
): Pair<Node, Node | null> | undefined {
  let byName = pairs.get(node);
  if (byName === undefined) {
    byName = new Map(
      node.items.flatMap((pair) => (isScalar(pair.key) ? [[String(textOf(pair.key)), pair] as const] : [])),
    );
    pairs.set(node, byName);
  }
  return byName.get(String(step));
}

/** The pairs of groups that were looked into, by key. */
const pairs = new WeakMap<object, Map<string, Pair<Node, Node | null>>>();
