import type { HttpReply } from './http.ts';

const longestText = 2000;

/**
 * Reads a reply's body. Numbers that are not safe integers written plainly (`12.50`, `1e3`, ids of twenty digits)
 * become the very text the vendor wrote, because a float would change them.
 */
export function readBody(text: string): Pick<HttpReply, 'body' | 'text'> {
  try {
    return { body: JSON.parse(text, keepNumberText), text: null };
  } catch {
    return { body: null, text: text.slice(0, longestText) };
  }
}

function keepNumberText(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number') return value;
  return Number.isSafeInteger(value) && String(value) === context?.source ? value : context?.source;
}
