import { z } from 'zod';
import { outcomes, type ResyncRequest } from '../../store/resync-request.ts';
import type { RequestedRecord } from '../../store/resync-item.ts';
import { type CallbackReport, recordReport, requestReport } from '../../sync/request-report.ts';
import { longestWait } from '../prefer.ts';
import { isStorable, notStorable } from '../storable.ts';

const instant = z.iso.datetime();

/** The preference to wait, of every operation that may. */
export const prefer = z
  .string()
  .max(200)
  .optional()
  .meta({
    description: `\`wait=20\` asks to be answered only when it is over, or after 20 seconds (RFC 7240); ${longestWait} at the most.`,
    examples: ['wait=1'],
  });

export const wishBody = z
  .strictObject({
    flow: z
      .string()
      .min(1)
      .max(200)
      .refine(isStorable, notStorable)
      .meta({ description: 'The name of a flow.', examples: ['accounts'] }),
    ids: z
      .array(z.string().min(1).max(200).refine(isStorable, notStorable))
      .min(1)
      .max(1000)
      .optional()
      .meta({ description: 'Ids of records in the source.', examples: [['42100000000']] }),
    where: z
      .string()
      .min(1)
      .max(2000)
      .refine(isStorable, notStorable)
      .optional()
      .meta({ description: 'An expression that is true of the records meant, as in `only_when`.' }),
    since: z.iso
      .datetime({ offset: true })
      .optional()
      .meta({ description: 'Records that changed in the source from this instant on.' }),
    changed: z
      .literal(true)
      .optional()
      .meta({ description: 'Records that the present mapping would make something else of.' }),
    all: z.literal(true).optional().meta({ description: 'Every record that is there in the source.' }),
    callback: z
      .strictObject({
        url: z.string().min(1).max(2048).refine(isStorable, notStorable).meta({ description: 'Where to.' }),
      })
      .optional()
      .meta({ description: 'Told when it has ended: a POST, signed as Standard Webhooks say.' }),
  })
  .meta({ id: 'ResyncWish', description: 'Exactly one of `ids`, `where`, `since`, `changed` and `all`.' });

const count = (description: string) => z.int().meta({ description });

const counts = z
  .object({
    asked: count('How many records are meant: the sum of all the others.'),
    pending: count('Nothing is known of them yet.'),
    synced: count('Sent, and taken by the ERP.'),
    unchanged: count('The ERP held them already.'),
    skipped: count('The mapping leaves them out.'),
    waiting: count('They wait for another record, or for a person, and go on by themselves.'),
    dead: count('Put aside as dead letters.'),
    removed: count('They are gone in the source.'),
    unknown: count('The source has no such id.'),
    cancelled: count('Taken back before they were sent.'),
  })
  .meta({ id: 'ResyncCounts' });

const record = z.object({
  id: z.string(),
  outcome: z.enum(['pending', ...outcomes]),
  code: z.string().nullable(),
  message: z.string().nullable(),
  targetId: z.string().nullable().meta({ description: 'Its id in the ERP.' }),
});

const callback = z
  .object({
    state: z.enum(['not_due', 'waiting', 'delivered', 'given_up']),
    attempts: z.int(),
    problem: z.string().nullable(),
    nextAt: instant.nullable(),
  })
  .meta({ id: 'CallbackStatus' });

/** How a resync stands, in a list. */
export const resyncEntry = z
  .object({
    id: z.uuid(),
    flow: z.string(),
    state: z.enum(['queued', 'running', 'done', 'cancelled', 'failed']),
    message: z.string().meta({ description: 'How it stands, in a sentence.' }),
    choice: z.string().meta({ description: 'What was asked for, in words.' }),
    counts,
    undecided: count('Records on which the expression does not work out; they are not chosen.'),
    chosen: z.boolean().meta({ description: 'While it is false, `counts.asked` grows.' }),
    notCancelled: z
      .int()
      .nullable()
      .meta({ description: 'When it was cancelled: how many records could not be taken back.' }),
    askedAt: instant,
    finishedAt: instant.nullable(),
  })
  .meta({ id: 'Resync' });

/** How a resync stands, with all that is known of it. */
export const resyncStatus = resyncEntry
  .extend({
    nextCheckAfterSeconds: z
      .int()
      .nullable()
      .meta({ description: 'When to look again; null when it has ended. Also in `Retry-After`.' }),
    callback: callback.nullable(),
    records: z
      .array(record)
      .meta({ description: 'A hundred of the records at the most, those that need a look first.' }),
  })
  .meta({ id: 'ResyncStatus' });

const textOf = (date: Date | null): string | null => date?.toISOString() ?? null;

export function resyncEntryOf(request: ResyncRequest): z.output<typeof resyncEntry> {
  const report = requestReport(request);
  return { ...report, askedAt: report.askedAt.toISOString(), finishedAt: textOf(report.finishedAt) };
}

/** What is told beside the request itself. */
export type Beside = {
  readonly nextCheckAfterSeconds: number | null;
  readonly callback: CallbackReport | null;
  readonly records: readonly RequestedRecord[];
};

export function resyncStatusOf(request: ResyncRequest, beside: Beside): z.output<typeof resyncStatus> {
  const { nextCheckAfterSeconds, callback: called, records } = beside;
  return {
    ...resyncEntryOf(request),
    nextCheckAfterSeconds,
    callback: called && { ...called, nextAt: textOf(called.nextAt) },
    records: records.map(recordReport),
  };
}
