import type { EntityDescription, Source } from '../connector/contract.ts';
import type { Mapping } from '../mapping/mapping.ts';
import type { AuditScope } from '../store/audit-page.ts';
import type { Tally } from './audit-findings.ts';
import type { Live } from './plan-live.ts';
import type { ReadingContext } from './reading.ts';

/** The parts of an audit: the list of the source, the records with their ERP records, the keys in the ERP. */
export type AuditPart = 'source' | 'records' | 'own';

/** What every part of an audit works with. Nothing in it can write. */
export type Auditing = {
  readonly context: ReadingContext;
  readonly mapping: Mapping;
  readonly scope: AuditScope;
  readonly source: Source;
  /** Records that the source hands over at a time. */
  readonly sourcePage: number;
  /** Related records that are read with the entity, as detection reads them: for all flows together. */
  readonly related: readonly string[];
  readonly live: Live;
  readonly description: EntityDescription;
  /** Only records that changed in the source from then on are judged. */
  readonly since: Date | null;
  readonly tally: Tally;
  /** Asks a system, and again after a failure that passes. */
  readonly ask: <T>(question: () => Promise<T>) => Promise<T>;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
  readonly onProgress: (part: AuditPart, done: number, total: number | null) => void;
};

export function* chunksOf<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let from = 0; from < items.length; from += size) yield items.slice(from, from + size);
}
