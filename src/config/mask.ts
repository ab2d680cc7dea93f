import { type Document, isPair, isScalar, visit } from 'yaml';
import { isReference } from './references.ts';

/** Whether the values of a setting of a connector may be shown: it is known, and known not to be a secret. */
export type MayShow = (connector: string, setting: string) => boolean;

const secretName =
  /(?:pas+w|pwd|secret|token|key|credential|auth)[\w-]*["']?[ \t]*:[ \t]*(?<value>\S[^\n]*)/giu;
const urlPassword = /:\/\/[^\s:/@]*:(?<value>[^\s/@]+)@/gu;

/**
 * Covers what may be a secret, so that the file can be shown: settings of connections that are not known to be
 * harmless, and what stands behind a name that sounds like a secret or in front of the @ of an address; all of it
 * unless it only names a variable or a file. Nothing moves: each character is covered by one.
 */
export function mask(text: string, document: Document.Parsed, mayShow: MayShow): string {
  let masked = text;
  const cover = (start: number, end: number): void => {
    const inside = text.slice(start, end);
    if (isReference(inside.replace(/^["']/u, ''))) return;
    masked = masked.slice(0, start) + inside.replaceAll(/\S/gu, '*') + masked.slice(end);
  };
  visit(document, {
    Scalar: (role, node, ancestors) => {
      if (role === 'key' || !node.range) return;
      const [top, connection, part, setting] = ancestors
        .filter(isPair)
        .map(({ key }) => (isScalar(key) ? key.value : ''));
      if (top === 'alerts' && part === 'url') cover(node.range[0], node.range[1]);
      if (top !== 'connections' || part !== 'settings') return;
      const connector = document.getIn([top, connection, 'connector']);
      if (!mayShow(String(connector), String(setting))) cover(node.range[0], node.range[1]);
    },
  });
  for (const pattern of [secretName, urlPassword]) {
    for (const { index, 0: whole, groups } of text.matchAll(pattern)) {
      const value = groups?.['value'] ?? '';
      const start = index + whole.lastIndexOf(value);
      cover(start, start + value.length);
    }
  }
  return masked;
}
