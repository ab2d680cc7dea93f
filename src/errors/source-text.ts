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
  return { at: { file: source.path, ...from }, frame: frameOf(source.text, from, to) };
}

/** The place where a line begins; lines count from 1. */
export function placeOfLine(source: SourceText, line: number): Place {
  const start = startsOf(source.text)[line - 1] ?? 0;
  return placeAt(source, start, start);
}

/** The line of an offset; offsets count from 0, lines from 1. */
export function lineAt(source: SourceText, offset: number): number {
  return lineAndColumn(source.text, offset).line;
}

type LineAndColumn = { readonly line: number; readonly column: number };

const above = 2;
const below = 1;
const widest = 200;

/** The frame of the few lines around a place: one of a large file costs no more to draw than one of a small file. */
function frameOf(text: string, from: LineAndColumn, to: LineAndColumn): string {
  const starts = startsOf(text);
  const first = Math.max(1, from.line - above);
  const last = Math.min(starts.length, from.line + below);
  // Of lines that are too long to be shown, the part around the place.
  const left = Math.max(0, from.column - widest / 2);
  const lines = text.slice(starts[first - 1], starts[last] ?? text.length).split(/\r\n|\r|\n/);
  const long = lines.some((line) => line.length > widest);
  const shown = lines
    .slice(0, last - first + 1)
    .map((line) => (long ? line.slice(left, left + widest) : line));
  // The frame counts columns from 0, as Babel's syntax trees do.
  const inside = ({ line, column }: LineAndColumn): LineAndColumn => ({
    line: line - first + 1,
    column: Math.min(column - 1 - (long ? left : 0), widest),
  });
  const range = { start: inside(from), ...(to.line === from.line && { end: inside(to) }) };
  const frame = codeFrameColumns(shown.join('\n'), range, { linesAbove: above, linesBelow: below });
  const width = String(last).length;
  return frame.replaceAll(
    /^([> ]) +(\d+)?( \|)/gm,
    (_, mark: string, line: string | undefined, bar: string) => {
      const number = line === undefined ? '' : String(Number(line) + first - 1);
      return `${mark} ${number.padStart(width)}${bar}`;
    },
  );
}

function lineAndColumn(text: string, offset: number): LineAndColumn {
  const starts = startsOf(text);
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: Math.min(offset, text.length) - (starts[low] ?? 0) + 1 };
}

let known: { readonly text: string; readonly starts: readonly number[] } = { text: '', starts: [0] };

/** Where the lines of a text begin. Those of the last text are kept: its problems are placed one after the other. */
function startsOf(text: string): readonly number[] {
  if (known.text !== text) {
    const breaks = [...text.matchAll(/\r\n|\r|\n/g)].map((match) => match.index + match[0].length);
    known = { text, starts: [0, ...breaks] };
  }
  return known.starts;
}
