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
import { type Place, placeAt, type SourceText, withoutMark } from '../errors/source-text.ts';

/** Keys and list indexes that lead from the root of a file to a place in it. */
export type YamlPath = readonly (string | number)[];

/** A YAML file: what it says, what is wrong with it, and where each part of it stands. */
export type Yaml = {
  /** Groups, lists and what `scalar` made of the scalars; undefined when the file is not readable. */
  readonly plain: unknown;
  readonly problems: readonly Problem[];
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
  const document = parseDocument(source.text, {
    schema: 'failsafe',
    prettyErrors: false,
    keepSourceTokens: false,
  });
  const syntax = syntaxProblems(source, document);
  const found: Problem[] = [];
  const complain = (
    node: Node | null,
    code: 'mapping_unreadable' | 'mapping_unknown_key',
    message: string,
  ): void => {
    found.push(problem(code, message, placeOf(source, node)));
  };
  const plain = document.contents === null ? '' : plainOf(document.contents, scalar, complain);
  const problems = [...syntax, ...(syntax.length === 0 ? found : [])];
  return {
    plain: problems.some(({ code }) => code === 'mapping_unreadable') ? undefined : plain,
    problems,
    place: (path, on, within) => placeOf(source, nodeAt(document, path, on), within),
  };
}

const syntaxMessages: { readonly [code: string]: string } = {
  BAD_SCALAR_START: 'a value cannot begin with this character; put the value in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a colon and a space inside a value begin a new key; put the value in quotes',
  MISSING_CHAR: 'a closing quote or bracket is missing',
  MULTIPLE_DOCS: 'a second document begins here; write one mapping in a file',
  TAB_AS_INDENT: 'a tab stands where spaces are needed',
  TAG_RESOLVE_FAILED: 'tags (words that begin with `!`) are not used here; every value is read as text',
};

function syntaxProblems(source: SourceText, document: Document.Parsed): Problem[] {
  const seen = new Set<number>();
  return [...document.errors, ...document.warnings].flatMap((error) => {
    const place = placeAt(source, error.pos[0], error.pos[1]);
    if (seen.has(place.at.line)) return [];
    seen.add(place.at.line);
    if (error.code !== 'DUPLICATE_KEY') return [problem('mapping_unreadable', syntaxMessage(error), place)];
    const key = /^[^:\s]+/.exec(source.text.slice(error.pos[0]))?.[0] ?? '';
    return [problem('mapping_duplicate_key', `\`${key}\` is given twice`, place)];
  });
}

function syntaxMessage(error: YAMLError): string {
  if (error.code === 'BAD_INDENT' && error.message.startsWith('Flow'))
    return 'a closing `}` or `]` is missing, or it is not indented';
  if (error.message.includes('call stack')) return 'groups are nested too deeply';
  return syntaxMessages[error.code] ?? `the file is not YAML: ${error.message}`;
}

type Complain = (
  node: Node | null,
  code: 'mapping_unreadable' | 'mapping_unknown_key',
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
    else if (textOf(key) === '__proto__') complain(key, 'mapping_unknown_key', '`__proto__` cannot be a key');
    else group[String(textOf(key))] = plainOf(value, scalar, complain);
  }
  return group;
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
  return node.items.find(({ key }) => isScalar(key) && textOf(key) === String(step));
}
