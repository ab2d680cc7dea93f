import type { Position, Problem } from './error.ts';

/** One kind of error. `exit` is the command line's exit code: 1 findings, 2 usage, 3 a system is not reachable. */
export type ErrorEntry = { readonly title: string; readonly remedy: string; readonly exit: 1 | 2 | 3 };

/**
 * Every error that a user can meet. Codes are stable and never reused; docs/errors.md is generated from this
 * table and a test holds the two together.
 */
export const catalogue = {
  database_unreachable: {
    title: 'The database does not answer.',
    remedy: 'Check `database` in causeway.yaml and that the server runs and takes connections from here.',
    exit: 3,
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof catalogue;

/** Makes a problem of a code in the catalogue; `message` holds the particulars. */
export function problem(
  code: ErrorCode,
  message: string,
  place?: { at?: Position; frame?: string; remedy?: string },
): Problem {
  const remedy = place?.remedy ?? catalogue[code].remedy;
  return {
    code,
    message,
    remedy,
    ...(place?.at && { at: place.at }),
    ...(place?.frame && { frame: place.frame }),
  };
}
