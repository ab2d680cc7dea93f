import { createHash } from 'node:crypto';
import type { FieldFault } from '../connector/fault.ts';
import type { Letter } from '../store/dead-letter.ts';
import type { Payload } from '../store/payload.ts';

/** Why a record was put aside, and what of it is its own. */
export type Failure = {
  readonly flow: string;
  readonly sourceId: string;
  readonly targetId: string | null;
  readonly code: string | null;
  readonly reason: string | null;
  readonly fields: readonly FieldFault[];
  readonly payload: Payload | null;
};

/**
 * The cause that a failure shares with others: its code, its first field, and its message without what is this record's
 * own. The group is a name for it, short enough to be typed, and the same in every process and on every day.
 */
export function causeOf(failure: Failure): Pick<Letter, 'group' | 'code' | 'field' | 'cause' | 'message'> {
  const [first] = failure.fields;
  const code = failure.code ?? 'unknown';
  const field = first?.field ?? '';
  const own = [failure.sourceId, failure.targetId, failure.payload?.fields[field]];
  const cause = withoutParticulars(first?.message ?? failure.reason ?? '', own);
  const group = createHash('sha256')
    .update(JSON.stringify([failure.flow, code, field, cause]))
    .digest('hex')
    .slice(0, 8);
  return { group, code, field, cause, message: failure.reason ?? '' };
}

const longest = 300;

/** A message with its quoted values, addresses, ids and numbers replaced, so that one cause reads the same for all. */
function withoutParticulars(message: string, own: readonly unknown[]): string {
  const values = own.filter((value) => typeof value === 'string' && value.length > 1) as string[];
  return values
    .toSorted((a, b) => b.length - a.length)
    .reduce((text, value) => text.replaceAll(value, '…'), message)
    .replaceAll(/"[^"\n]*"|“[^”\n]*”|„[^“”\n]*[“”]|«[^»\n]*»/gu, '"…"')
    .replaceAll(/(?<![\p{L}\d])'[^'\n]*'(?![\p{L}\d])/gu, "'…'")
    .replaceAll(/[^\s"'`(),;:<>[\]{}]*@[^\s"'`(),;:<>[\]{}]+/gu, '…')
    .replaceAll(/[\p{L}\d_.,:/+#…-]*\d[\p{L}\d_:/+#…-]*(?:[.,]\d[\p{L}\d_:/+#…-]*)*/gu, '…')
    .replaceAll(/…(?:\s*[,/:-]?\s*…)+/gu, '…')
    .replaceAll(/\s+/gu, ' ')
    .trim()
    .slice(0, longest);
}
