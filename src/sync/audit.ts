import type { Mapping } from '../mapping/mapping.ts';
import { pushQueue } from '../queue/names.ts';
import { countMirrored } from '../store/standing-page.ts';
import type { Excused, AuditSample, Finding, FindingKind } from './audit-findings.ts';
import { tally } from './audit-findings.ts';
import { auditOwn, auditShared } from './audit-own.ts';
import { auditRecords } from './audit-records.ts';
import { auditSource } from './audit-source.ts';
import { suspectsOf } from './audit-suspects.ts';
import type { Auditing, AuditPart } from './auditing.ts';
import { patiently } from './patiently.ts';
import type { ReadingContext } from './reading.ts';

/** What the comparison of CRM, mirror, links and ERP came to. */
export type Audit = {
  readonly flow: string;
  readonly at: Date;
  readonly since: Date | null;
  /** How many records were looked at: listed by the source, mirrored, compared with the ERP, found in the ERP by our key. */
  readonly looked: {
    readonly source: number;
    readonly mirrored: number;
    readonly compared: number;
    readonly own: number | null;
  };
  /** Exact counts. A record may be found in several ways. */
  readonly findings: Readonly<Record<FindingKind, number>>;
  readonly total: number;
  /** Findings that no event and no poll had delivered. */
  readonly missed: number;
  /** What differs for a good reason, and is no finding. */
  readonly excused: readonly Excused[];
  /** What could not be checked, in sentences. */
  readonly unchecked: readonly string[];
  readonly sample: readonly AuditSample[];
};

export type AuditOptions = {
  readonly since: Date | null;
  /** How many findings of each kind are kept to be shown. */
  readonly sample: number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly onProgress: (part: AuditPart, done: number, total: number | null) => void;
  readonly onFinding: (finding: Finding) => void;
};

/** Compares what the CRM, the mirror, the links and the ERP say of the records of a flow. Writes nothing anywhere. */
export async function auditFlow(
  context: ReadingContext,
  mapping: Mapping,
  options: AuditOptions,
  signal: AbortSignal,
): Promise<Audit> {
  const at = context.now();
  const auditing = await auditingOf(context, mapping, options, signal);
  const { stream } = auditing.scope;
  const suspects = suspectsOf(auditing);
  const listed = await auditSource(auditing, suspects);
  const total = await countMirrored(context.database, stream);
  const records = await auditRecords(auditing, listed, suspects, total);
  await suspects.settle();
  await auditShared(auditing);
  const own = await auditOwn(auditing);
  const found = auditing.tally;
  const findings = found.findings();
  return {
    flow: mapping.flow,
    at,
    since: options.since,
    looked: { source: listed.size, ...records, own },
    findings,
    total: Object.values(findings).reduce((sum, count) => sum + count, 0),
    missed: found.missed(),
    excused: found.excused(),
    unchecked: found.leftOut(),
    sample: found.sample(),
  };
}

async function auditingOf(
  context: ReadingContext,
  mapping: Mapping,
  options: AuditOptions,
  signal: AbortSignal,
): Promise<Auditing> {
  const { read, write, flow } = mapping;
  const from = context.connections.get(read.from);
  const to = context.connections.get(write.to);
  if (!from?.source) throw new Error(`connection ${read.from} has no source`);
  if (!to?.sink) throw new Error(`connection ${write.to} has no sink`);
  const { sink } = to;
  const { sleep } = options;
  const ask = <T>(question: () => Promise<T>): Promise<T> => patiently(question, sleep, signal);
  const readers = context
    .mappings()
    .filter((other) => other.read.from === read.from && other.read.entity === read.entity);
  return {
    context,
    mapping,
    scope: {
      flow,
      queue: pushQueue(flow),
      stream: { connection: read.from, entity: read.entity },
    },
    source: from.source,
    sourcePage: from.limits.page,
    related: [...new Set(readers.flatMap((other) => other.read.with))].sort(),
    live: { connection: to, sink },
    description: await ask(() => sink.describe(write.entity, signal)),
    since: options.since,
    tally: tally(options.sample, options.onFinding),
    ask,
    sleep,
    signal,
    onProgress: options.onProgress,
  };
}
