import type { Limits, Sink, Source } from '../connector/contract.ts';
import type { CompiledMapping } from '../mapping/compile.ts';
import type { Database } from '../store/database.ts';
import type { OpenConnection } from './context.ts';

/** The side of a sink that reads. It has no method that writes, so nothing that is given it can write. */
export type ReadingSink = Pick<
  Sink,
  | 'check'
  | 'describe'
  | 'readByIds'
  | 'readLines'
  | 'findByExternalKey'
  | 'pageOfOwn'
  | 'findByField'
  | 'readWhere'
>;

/** An open connection through which nothing can be written; a source never writes. */
export type ReadingConnection = {
  readonly name: string;
  readonly title: string;
  readonly limits: Limits;
  readonly source: Source | null;
  readonly sink: ReadingSink | null;
};

/**
 * What `check`, `preview` and `plan` are given (P9, dry means dry): connections that can only read, and a database
 * whose sessions refuse every write.
 */
export type ReadingContext = {
  readonly database: Database;
  readonly connections: ReadonlyMap<string, ReadingConnection>;
  readonly mappings: () => readonly CompiledMapping[];
  readonly now: () => Date;
};

/** Leaves the writing methods of a connection behind: the result does not hold them at all. */
export function readingOnly({ name, connector, limits, source, sink }: OpenConnection): ReadingConnection {
  return {
    name,
    title: connector.title,
    limits,
    source,
    sink: sink && {
      check: (signal) => sink.check(signal),
      describe: (entity, signal) => sink.describe(entity, signal),
      readByIds: (request, signal) => sink.readByIds(request, signal),
      readLines: (request, signal) => sink.readLines(request, signal),
      findByExternalKey: (request, signal) => sink.findByExternalKey(request, signal),
      ...(sink.pageOfOwn && { pageOfOwn: sink.pageOfOwn.bind(sink) }),
      ...(sink.findByField && { findByField: sink.findByField.bind(sink) }),
      ...(sink.readWhere && { readWhere: sink.readWhere.bind(sink) }),
    },
  };
}
