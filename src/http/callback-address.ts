import { isIP } from 'node:net';
import { allowedBy } from './callbacks.ts';
import { isPrivateAddress } from './private-address.ts';

/**
 * What is wrong with an address that is to be called back, or null. A name may still turn out to stand for a private
 * address: that is found when it is connected to.
 */
export function wrongWithCallback(
  text: string,
  callbacks: { readonly allowPrivate: boolean } | null,
): string | null {
  if (callbacks === null)
    return 'callbacks are not set up: `http.callbacks.secret` in causeway.yaml is what they are signed with';
  const url = URL.parse(text);
  if (url === null || !['https:', 'http:'].includes(url.protocol)) return 'must be an https:// address';
  if (url.username + url.password + url.hash !== '') return 'must hold no user name, no password and no #';
  if (callbacks.allowPrivate) return null;
  if (url.protocol !== 'https:') return `must be an https:// address, unless \`${allowedBy}\` is true`;
  const literal = url.hostname.replace(/^\[|\]$/gu, '');
  if (
    literal === 'localhost' ||
    literal.endsWith('.localhost') ||
    (isIP(literal) !== 0 && isPrivateAddress(literal))
  )
    return `must not be on this machine or in a private network, unless \`${allowedBy}\` is true`;
  return null;
}
