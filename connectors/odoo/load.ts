import { z } from 'zod';
import { Fault, type FieldFault } from '../../src/connector/fault.ts';
import { concurrencyText } from './fault-rules.ts';
import type { Import } from './import-rows.ts';
import { plainSentence, stopped } from './plain-sentence.ts';
import type { Rpc } from './transport.ts';

const message = z.looseObject({
  type: z.string().catch('error'),
  message: z.string().catch(''),
  record: z.number().optional().catch(undefined),
  rows: z.looseObject({ from: z.number() }).optional().catch(undefined),
  field: z
    .union([z.string(), z.literal(false)])
    .optional()
    .catch(undefined),
  moreinfo: z.unknown().optional(),
});
type Message = z.output<typeof message>;

const answer = z.looseObject({
  ids: z.union([z.array(z.number()), z.literal(false)]),
  messages: z.array(message),
});

/** What became of an import. It is one transaction: all its records were written, or none. */
export type LoadResult =
  | { readonly status: 'loaded'; readonly ids: readonly number[] }
  /** By index of the part: the Fault of each one that Odoo named. The others are not to blame. */
  | { readonly status: 'refused'; readonly faults: ReadonlyMap<number, Fault> };

/**
 * Calls `load`, Odoo's import. Throws a Fault when the call as a whole failed; a race with another writer is
 * `transient`, although Odoo reports it as if each record were wrong.
 */
export async function load(
  call: Rpc,
  model: string,
  batch: Import,
  context: object,
  signal: AbortSignal,
): Promise<LoadResult> {
  const params = { fields: batch.header, data: batch.rows };
  const request = { model, method: 'load', params, context: { ...context }, positional: true, writes: true };
  const raw = await call(request, signal);
  const parsed = answer.safeParse(raw);
  if (!parsed.success) throw unreadable();
  const { ids, messages } = parsed.data;
  if (ids !== false && ids.length === batch.parts.length) return { status: 'loaded', ids };
  const errors = messages.filter(({ type }) => type === 'error');
  if (errors.some((error) => concurrencyText.test(error.message))) throw raced();
  if (ids !== false) throw miscounted(ids.length, batch.parts.length);
  return { status: 'refused', faults: faultsByPart(batch, errors) };
}

const raced = (): Fault =>
  new Fault({
    kind: 'transient',
    code: 'odoo_locked',
    message: 'Somebody else was writing to the same records in Odoo.',
  });

const unreadable = (): Fault =>
  new Fault({
    kind: 'ambiguous',
    code: 'odoo_import_unreadable',
    message: 'Odoo answered an import in a shape that does not say whether it took place.',
  });

const miscounted = (given: number, sent: number): Fault =>
  new Fault({
    kind: 'ambiguous',
    code: 'odoo_import_miscounted',
    message: `Odoo imported ${given} records out of ${sent} that were sent, and did not say which.`,
  });

function faultsByPart(batch: Import, errors: readonly Message[]): ReadonlyMap<number, Fault> {
  const tied = Map.groupBy(withoutScapegoat(errors), (error) => partOf(batch, error));
  const named = [...tied].flatMap(([index, own]): [number, Fault][] =>
    index === null ? [] : [[index, refusal(own)]],
  );
  if (named.length === 0 && batch.parts.length === 1) return new Map([[0, refusal(errors)]]);
  return new Map(named);
}

/**
 * When saving all records together fails, Odoo puts the error down to the first one, and then tries each alone to
 * find the real culprits. Such an error is left out; if the first record is bad after all, its turn comes when it is
 * sent again.
 */
function withoutScapegoat(errors: readonly Message[]): readonly Message[] {
  const [first, ...others] = errors;
  if (first === undefined || first.field || others.length === 0) return errors;
  return others.some((other) => other.record !== first.record) &&
    !others.some((other) => other.record === first.record)
    ? others
    : errors;
}

function partOf(batch: Import, { record, rows }: Message): number | null {
  if (record !== undefined && record >= 0 && record < batch.parts.length) return record;
  if (rows === undefined) return null;
  const after = batch.starts.findIndex((start) => start > rows.from);
  return after === -1 ? batch.parts.length - 1 : after - 1;
}

/** The field that Odoo blames when the database id of an update does not exist. */
const missingTarget = '.id';

function refusal(errors: readonly Message[]): Fault {
  if (errors.some((error) => error.field === missingTarget)) {
    return new Fault({
      kind: 'not_found',
      code: 'odoo_record_gone',
      message: 'The record does not exist in Odoo, or the user of the connection may not see it.',
    });
  }
  const sentences = [...new Set(errors.map(sentenceOf))].filter((sentence) => sentence !== '');
  const fields = errors.flatMap((error): FieldFault[] =>
    error.field ? [{ field: error.field, message: sentenceOf(error) }] : [],
  );
  const reason = sentences.length === 0 ? 'it gave no reason' : sentences.join('; ');
  return new Fault({
    kind: 'invalid_record',
    code: 'odoo_refused',
    message: stopped(`Odoo refused the record: ${reason}`),
    fields,
  });
}

function sentenceOf({ message, moreinfo }: Message): string {
  const choices = Array.isArray(moreinfo) ? moreinfo.filter((choice) => typeof choice === 'string') : [];
  const possible = choices.length > 0 ? ` (possible: ${choices.join(', ')})` : '';
  const hidden = message.startsWith('No matching record found for database id')
    ? ' (deleted, archived or hidden)'
    : '';
  return plainSentence(`${message.trim()}${possible}${hidden}`);
}
