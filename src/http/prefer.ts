/** The longest that anybody may wait for an answer, in seconds: proxies in between cut idle requests after a minute or so. */
export const longestWait = 30;

/**
 * The seconds that `Prefer: wait` asks for (RFC 7240, section 4.3), within bounds; null where it asks for none. Of several
 * the first counts, and what is not understood is left aside, as section 2 says.
 */
export function waitOf(header: string | undefined): number | null {
  for (const preference of (header ?? '').split(',')) {
    const [, name = '', quoted, plain] =
      /^\s*([\w!#$%&'*+.^`|~-]+)\s*(?:=\s*(?:"([^"]*)"|([^\s;"]*))\s*)?(?:;.*)?$/u.exec(preference) ?? [];
    if (name.toLowerCase() !== 'wait') continue;
    const value = quoted ?? plain ?? '';
    return /^\d{1,9}$/u.test(value) ? Math.min(longestWait, Number(value)) : null;
  }
  return null;
}
