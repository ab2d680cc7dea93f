import { isDomain } from './email-address.ts';
import { refuse, type Refusal } from '../refusal.ts';

const scheme = /^([a-z][a-z0-9+-]*):(?!\d)/i;
const complete = /^https?:\/\/[^/?#]/i;
/** The host of an address that begins with it: up to a port, a path, a query or a fragment. */
const host = /^[^/?#:]+/;

/**
 * A web address as it was written, without the spaces around it; one that begins with its host (`www.example.com`)
 * gets `https://` in front. What an address may be is the URL Standard's matter (https://url.spec.whatwg.org).
 */
export function webAddress(text: string): string | Refusal {
  const trimmed = text.trim();
  if (/[\s\p{Cc}\\]/u.test(trimmed))
    return refuse('value_not_url', 'is not one web address: it has a space or a `\\` in it');
  const [, given] = scheme.exec(trimmed) ?? [];
  if (given !== undefined && !/^https?$/i.test(given))
    return refuse('value_not_url', `begins with \`${given}:\`; only http:// and https:// are web addresses`);
  const whole = given === undefined && beginsWithHost(trimmed) ? `https://${trimmed}` : trimmed;
  if (complete.test(whole) && URL.canParse(whole)) return whole;
  return refuse('value_not_url', 'is not a web address, such as https://www.example.com');
}

/** `ana@example.com` begins with no host. */
function beginsWithHost(text: string): boolean {
  const [name = ''] = host.exec(text) ?? [];
  return isDomain(name);
}
