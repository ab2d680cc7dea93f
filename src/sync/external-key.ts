import type { Mapping } from '../mapping/mapping.ts';

/**
 * Our id for an ERP record, stamped on it when it is created: connection, entity and id of the source record, and
 * the entity that is written; and for a record under `also` its name there, because one source record may make several
 * records of one entity. Renaming a flow does not change it.
 */
export function externalKey(mapping: Mapping, sourceId: string): string {
  const part = mapping.part === null ? '' : `#${mapping.part}`;
  return `${keyBeginning(mapping)}${sourceId}>${mapping.write.entity}${part}`;
}

const keyBeginning = ({ read }: Mapping): string => `${read.from}/${read.entity}/`;

/** The source record behind a key that {@link externalKey} made for this flow; null for every other key. */
export function sourceIdOfKey(mapping: Mapping, key: string): string | null {
  const beginning = keyBeginning(mapping);
  const end = externalKey(mapping, '').slice(beginning.length);
  if (!key.startsWith(beginning) || !key.endsWith(end)) return null;
  const id = key.slice(beginning.length, -end.length);
  return id === '' ? null : id;
}

/** Whether a key was made for the ends of this flow, whatever the part. */
export function isOfEnds(mapping: Mapping, key: string): boolean {
  const [written = ''] = key.slice(key.lastIndexOf('>') + 1).split('#');
  return key.startsWith(keyBeginning(mapping)) && written === mapping.write.entity;
}
