import type { Mapping } from '../mapping/mapping.ts';

/**
 * Our id for an ERP record, stamped on it when it is created: connection, entity and id of the source record, and
 * the entity that is written; and for a record under `also` its name there, because one source record may make several
 * records of one entity. Renaming a flow does not change it.
 */
export function externalKey(mapping: Mapping, sourceId: string): string {
  const part = mapping.part === null ? '' : `#${mapping.part}`;
  return `${mapping.read.from}/${mapping.read.entity}/${sourceId}>${mapping.write.entity}${part}`;
}
