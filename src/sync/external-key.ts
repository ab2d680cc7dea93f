import type { Mapping } from '../mapping/mapping.ts';

/**
 * Our id for an ERP record, stamped on it when it is created: connection, entity and id of the source record, and
 * the entity that is written. Renaming a flow does not change it.
 */
export function externalKey(mapping: Mapping, sourceId: string): string {
  return `${mapping.read.from}/${mapping.read.entity}/${sourceId}>${mapping.write.entity}`;
}
