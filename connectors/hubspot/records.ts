import type { Change } from '../../src/connector/contract.ts';
import { Fault } from '../../src/connector/fault.ts';
import type { SourceRecord, Value } from '../../src/connector/value.ts';
import type { HubSpotObject, PropertyDefinition } from './answers.ts';
import type { ObjectType } from './objects.ts';
import type { PropertySet } from './properties.ts';

/** An instant as HubSpot writes it: ISO 8601, or epoch milliseconds in old data. In milliseconds; null when it is neither. */
export function instantOf(text: string | null | undefined): number | null {
  if (text === null || text === undefined || text === '') return null;
  const instant = /^-?\d+$/.test(text) ? Number(text) : Date.parse(text);
  return Number.isNaN(new Date(instant).getTime()) ? null : instant;
}

export function isoOf(instant: number): string {
  return new Date(instant).toISOString();
}

/** When the object was last modified, by HubSpot's own stamp. */
export function modifiedAt(type: ObjectType, object: HubSpotObject): string {
  const stamp = object.properties[type.modified];
  const instant = instantOf(textOf(stamp)) ?? instantOf(object.updatedAt);
  if (instant !== null) return isoOf(instant);
  throw new Fault({
    kind: 'bug',
    code: 'hubspot_no_stamp',
    message: `HubSpot gave ${type.name} ${object.id} without ${type.modified}.`,
  });
}

/**
 * The record of a HubSpot object: `id` and its properties as text. Every property of the set is there, with null
 * where HubSpot has no value, so that a search, a listing and a read by id make the same record.
 */
export function recordOf(object: HubSpotObject, properties: PropertySet): { [field: string]: Value } {
  const record: { [field: string]: Value } = { id: object.id };
  for (const definition of properties.record) {
    record[definition.name] = valueOf(definition, object.properties[definition.name]);
  }
  return record;
}

/** The ids that were merged into this object. */
export function consumedIds(object: HubSpotObject): string[] {
  const list = textOf(object.properties['hs_merged_object_ids']) ?? '';
  return list.split(';').filter((id) => id !== '' && id !== object.id);
}

/** The upsert of an object, and a merge for every id it consumed. */
export function changesOf(type: ObjectType, object: HubSpotObject, record: SourceRecord): Change[] {
  const stamp = modifiedAt(type, object);
  return [{ kind: 'upsert', id: object.id, modifiedAt: stamp, record }, ...mergesInto(object, stamp)];
}

export function mergesInto(object: HubSpotObject, stamp: string): Change[] {
  return consumedIds(object).map((id) => ({ kind: 'merge', id, into: object.id, modifiedAt: stamp }));
}

type Given = HubSpotObject['properties'][string];

function textOf(value: Given): string | null {
  return value === null || value === undefined ? null : String(value);
}

/** Dates and instants in one form each; everything else as HubSpot gives it. */
function valueOf(definition: PropertyDefinition, given: Given): string | null {
  const text = textOf(given);
  if (text === null || (definition.type !== 'date' && definition.type !== 'datetime')) return text;
  const instant = instantOf(text);
  if (instant === null) return text;
  return definition.type === 'date' ? isoOf(instant).slice(0, 10) : isoOf(instant);
}
