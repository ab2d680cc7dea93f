import { Fault } from './fault.ts';

/** What RFC 3986, section 3.3, allows in a path, with every percent sign starting an escape. */
const plain = /^(?:\/(?:[\w\-.~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})*)+$/u;

/**
 * Gives the path back if it can only lead below the client's base URL, and throws a `bug` otherwise: a path that
 * climbs, names a host or carries a query would take the connection's credentials where they do not belong.
 * The message leaves the path out, because a refused one may hold a query.
 */
export function plainPath(path: string): string {
  const climbs = path.split('/').some((segment) => /^(?:\.|%2e){1,2}$/iu.test(segment));
  if (!plain.test(path) || path.includes('//') || climbs) {
    throw new Fault({
      kind: 'bug',
      code: 'path_refused',
      message:
        'A request path must begin with one "/" and hold nothing but escaped segments: no host, no query, no "..".',
    });
  }
  return path;
}

/** Gives the base URL without its trailing slash, and throws `config` unless it is plain http(s) without credentials. */
export function plainBaseUrl(text: string): URL {
  const url = URL.parse(text);
  const good =
    url !== null &&
    (url.protocol === 'https:' || url.protocol === 'http:') &&
    url.username + url.password + url.search + url.hash === '';
  if (!good) {
    throw new Fault({
      kind: 'config',
      code: 'base_url_refused',
      message:
        'The URL of the connection must be a plain http:// or https:// address, without credentials, query or fragment.',
    });
  }
  url.pathname = url.pathname.replace(/\/+$/u, '');
  return url;
}
