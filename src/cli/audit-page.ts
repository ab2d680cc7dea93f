import type { Mapping } from '../mapping/mapping.ts';
import type { Audit } from '../sync/audit.ts';
import { type AuditSample, findingKinds, type FindingKind } from '../sync/audit-findings.ts';
import type { Repaired } from '../sync/repair.ts';
import { shownSide } from './preview.ts';

const kinds: Readonly<Record<FindingKind, string>> = {
  missing: 'missing in the ERP',
  extra: 'in the ERP with nothing behind it',
  stale: 'older in the ERP than in the CRM',
  changed: 'changed in the ERP',
  duplicated: 'duplicated',
  gone: 'mirrored, and no longer in the CRM',
};

const excuses: Readonly<Record<string, string>> = {
  pending: 'wait to be sent',
  waiting: 'wait for another record',
  in_doubt: 'were sent and not answered; they are looked up first',
  retrying: 'failed and are tried again',
  dead: 'are dead letters',
  skipped: 'are left out by the mapping',
  removed: 'were removed, as the flow says',
  unread: 'changed since the CRM was last read; the next run reads them',
  unjudged: 'changed too lately to be judged',
  unused: 'differ only in what this flow does not use',
  mapping_changed: 'would come out differently with the mapping of today (see causeway plan)',
  uncompared: 'could not be compared: what was delivered is not kept',
};

/** For a person: what was compared, what was found, what differs for a good reason. */
export function renderAudit(found: Audit, { read, write }: Mapping): string {
  const { looked } = found;
  const scope = found.since === null ? '' : `, of what changed since ${found.since.toISOString()}`;
  const own = looked.own === null ? '' : `, ${looked.own} that bear its keys there`;
  const counted = findingKinds.filter((kind) => found.findings[kind] > 0);
  return [
    `Audit of ${found.flow}${scope}: ${looked.source} ${read.entity} in ${read.from}, ${looked.mirrored} mirrored, ${looked.compared} compared with ${write.entity} in ${write.to}${own}.`,
    ...counted.map((kind) => `  ${count(found.findings[kind])} ${kinds[kind]}`),
    ...(found.missed === 0
      ? []
      : [`  ${count(found.missed)} of them never delivered by an event or a poll: this is an alarm`]),
    ...counted.flatMap((kind) => samplesOf(found, kind)),
    ...(found.excused.length === 0 ? [] : ['No findings, because there is a reason:']),
    ...found.excused.map(
      ({ as, records, since }) =>
        `  ${count(records)} ${excuses[as] ?? as}${since === null ? '' : `, the oldest since ${since.toISOString().slice(0, 19)}Z`}`,
    ),
    ...found.unchecked.map((sentence) => `Not checked: ${sentence}`),
  ].join('\n');
}

const count = (n: number): string => String(n).padStart(8);

/** What came of an audit that repairs nothing. */
export function renderVerdict({ total, flow, findings: kinds }: Audit): string {
  if (total === 0) return 'Nothing was found.';
  const findings = total === 1 ? '1 finding' : `${total} findings`;
  // An extra or a second ERP record is a person's to remove.
  if (kinds.extra + kinds.duplicated === total)
    return `${findings}, for a person to look at. Nothing was sent.`;
  return `${findings}. Nothing was sent. Queue what can be mended by itself: causeway audit ${flow} --fix`;
}

function samplesOf({ sample, findings }: Audit, kind: FindingKind): string[] {
  const shown = sample.filter((one) => one.kind === kind);
  const more = findings[kind] - shown.length;
  return [
    `${kinds[kind]}:`,
    ...shown.map(sampleText),
    ...(more > 0 ? [`  … and ${more} more; --sample shows more of them`] : []),
  ];
}

function sampleText(one: AuditSample): string {
  const { id, targetId, reason, changedAt, changedBy, missed } = one;
  const target = targetId === null ? '' : ` (ERP record ${targetId})`;
  const by = changedBy === null || changedAt === null ? '' : `; last changed by ${changedBy} at ${changedAt}`;
  const fields = one.fields.map(
    ({ field, expected, found }) =>
      `      ${field}: expected ${shownSide(expected)}, found ${shownSide(found)}`,
  );
  const name = id === null ? `ERP record ${targetId}` : `${id}${target}`;
  return [`  ${name}: ${missed ? 'MISSED: ' : ''}${reason}${by}`, ...fields].join('\n');
}

/** What `--fix` has queued, and what it leaves to a person. */
export function renderRepaired(found: Audit, repaired: Repaired, { read }: Mapping): string {
  const { again, created, removed, unknown } = repaired;
  const left = found.findings.extra + found.findings.duplicated;
  const lines = [
    ...(again > 0 ? [`Queued to be sent again: ${again}.`] : []),
    ...(created > 0 ? [`Queued to be created again: ${created}.`] : []),
    ...(removed > 0
      ? [`Taken in as no longer in ${read.from}: ${removed}; the flow says what becomes of them in the ERP.`]
      : []),
    ...(unknown > 0 ? [`Not in ${read.from} any more when they were asked for again: ${unknown}.`] : []),
    ...(left > 0
      ? [
          `Left to a person: ${left}. What is extra or duplicated is never deleted; see above what can be done.`,
        ]
      : []),
  ];
  return lines.length === 0 ? 'Nothing was queued.' : [...lines, 'It goes with the next run.'].join('\n');
}
