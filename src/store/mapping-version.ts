import type { SourceText } from '../errors/source-text.ts';
import type { Mapping } from '../mapping/mapping.ts';
import type { Sql } from './database.ts';

/** Keeps the text of a mapping the first time it is used, so that a delivery can show the rules that made it. */
export async function keepMappingVersion(sql: Sql, mapping: Mapping): Promise<void> {
  await sql.query(
    `insert into mapping_version (hash, flow, file, text, value_files, first_used_at, last_used_at) values ($1, $2, $3, $4, $5, now(), now())
     on conflict (hash) do update set file = excluded.file, value_files = excluded.value_files, last_used_at = now()`,
    [mapping.hash, mapping.flow, mapping.file, mapping.text, JSON.stringify(mapping.valueFiles)],
  );
}

/** A mapping as it stood when it was first used. */
export type MappingVersion = {
  readonly hash: string;
  /** Null for a version that was kept before paths were. */
  readonly file: string | null;
  readonly text: string;
  readonly valueFiles: readonly SourceText[];
  readonly firstUsedAt: Date;
};

type Row = Omit<MappingVersion, 'valueFiles'> & { readonly files: string };

const columns = 'hash, file, text, value_files as files, first_used_at as "firstUsedAt"';

const versionOf = ({ files, ...version }: Row): MappingVersion => ({
  ...version,
  valueFiles: JSON.parse(files) as SourceText[],
});

/** The mapping with this hash, or null when none was ever used. */
export async function readMappingVersion(sql: Sql, hash: string): Promise<MappingVersion | null> {
  const { rows } = await sql.query<Row>(`select ${columns} from mapping_version where hash = $1`, [hash]);
  return rows[0] === undefined ? null : versionOf(rows[0]);
}

/** The version of each mapping file that was used last. */
export async function lastUsedVersions(sql: Sql): Promise<MappingVersion[]> {
  const { rows } = await sql.query<Row>(
    `select distinct on (file) ${columns} from mapping_version where file is not null order by file, last_used_at desc`,
  );
  return rows.map(versionOf);
}
