import { refuse, type Refusal } from '../refusal.ts';

const local = /^[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+(?:\.[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+)*$/u;
const label = /^[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}-]{0,61}[\p{L}\p{M}\p{N}])?$/u;
const digits = /^\d+$/;

/**
 * One email address, without the spaces around it and with its domain in small letters. The part before the `@` stays
 * as it is: its capitals may mean something to the mail server (RFC 5321, section 2.4). Letters of every language are
 * taken (RFC 6531); quoted local parts and addresses of machines by number are not.
 */
export function emailAddress(text: string): string | Refusal {
  const trimmed = text.trim();
  const at = trimmed.lastIndexOf('@');
  const name = trimmed.slice(0, at);
  const domain = trimmed.slice(at + 1).toLowerCase();
  if (at > 0 && name.length <= 64 && local.test(name) && isDomain(domain)) return `${name}@${domain}`;
  return refuse('value_not_email', `is not an email address${reason(trimmed)}`);
}

/** A name of the internet with at least two parts, such as `example.com`. */
export function isDomain(name: string): boolean {
  const labels = name.split('.');
  const top = labels.at(-1) ?? '';
  return (
    name.length <= 253 &&
    labels.length > 1 &&
    top.length > 1 &&
    !digits.test(top) &&
    labels.every((part) => label.test(part))
  );
}

function reason(text: string): string {
  if (text.indexOf('@') !== text.lastIndexOf('@')) return '; a field holds one address';
  if (text.includes('<')) return '; write the address alone, without a name';
  return ', such as ana@example.com';
}
