import { codeFrameColumns } from '@babel/code-frame';
import type { Position } from './error.ts';

/** A file as it was handed in. */
export type SourceText = { readonly path: string; readonly text: string };

/** A position in a file and the lines around it with a mark under the place, ready to print. */
export type Place = { readonly at: Position; readonly frame: string };

/** The text without the byte order mark that some editors put in front of it. */
export function withoutMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

/** The place from one offset of a text to another; offsets count from 0, lines and columns from 1. */
export function placeAt(source: SourceText, start: number, end: number): Place {
  const from = lineAndColumn(source.text, start);
  const to = lineAndColumn(source.text, Math.max(end, start + 1));
  const range = { start: fromZero(from), ...(to.line === from.line && { end: fromZero(to) }) };
  const frame = codeFrameColumns(source.text, range, { linesAbove: 2, linesBelow: 1 });
  return { at: { file: source.path, ...from }, frame };
}

/** The frame counts columns from 0, as Babel's syntax trees do. */
function fromZero({ line, column }: LineAndColumn): LineAndColumn {
  return { line, column: column - 1 };
}

type LineAndColumn = { readonly line: number; readonly column: number };

function lineAndColumn(text: string, offset: number): LineAndColumn {
  const before = text.slice(0, offset).split(/\r\n|\r|\n/);
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
