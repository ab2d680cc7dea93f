const longest = 400;

/**
 * Makes what Odoo says fit to be shown to a person: one line, without a traceback, without paths of the server
 * (PostgreSQL names its socket, Python its files), and bounded in length.
 */
export function plainSentence(text: string): string {
  const line = text
    .replace(/Traceback \(most recent call last\)[\s\S]*$/, '')
    .replaceAll(/<class '([^']*)'>/g, '$1')
    .replaceAll(/(?<![\w/:.])\/(?:[\w.@+-]+\/)+[\w.@+-]*/g, '[path]')
    .replaceAll(/\s+/g, ' ')
    .trim();
  return line.length > longest ? `${line.slice(0, longest)}…` : line;
}

/** Ends a sentence with one full stop. */
export const stopped = (sentence: string): string => (/[.!?…]$/.test(sentence) ? sentence : `${sentence}.`);
