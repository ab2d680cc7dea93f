import type { EntityDescription, FieldDescription, FieldType, Kit } from '../../src/connector/contract.ts';
import { Fault } from '../../src/connector/fault.ts';
import { propertyList } from './answers.ts';
import type { PropertyDefinition } from './answers.ts';
import type { HubSpotClient } from './client.ts';
import { knownObjects } from './objects.ts';
import type { ObjectType } from './objects.ts';
import type { HubSpotSettings } from './settings.ts';

/** What is read of one object type: the properties that make the record, and those that only serve the connector. */
export type PropertySet = {
  readonly record: readonly PropertyDefinition[];
  /** Every name to ask for. */
  readonly asked: readonly string[];
};

/** The properties of an account, by object type. */
export type Properties = {
  of(type: ObjectType, signal: AbortSignal): Promise<PropertySet>;
  describe(type: ObjectType, signal: AbortSignal): Promise<EntityDescription>;
};

/** A property that was created or removed in HubSpot is noticed within this time. */
const freshMs = 10 * 60 * 1000;

/**
 * Four of five properties of an account are HubSpot's own statistics (`hs_…`, or calculated ones such as the number
 * of notes). They change without anybody's doing, so they are left out, except for those that a business record
 * needs.
 */
const wanted = new Set([
  'amount',
  'amount_in_home_currency',
  'hs_cost_of_goods_sold',
  'hs_country_region_code',
  'hs_createdate',
  'hs_discount_percentage',
  'hs_is_closed_won',
  'hs_language',
  'hs_line_item_currency_code',
  'hs_parent_company_id',
  'hs_position_on_quote',
  'hs_product_id',
  'hs_recurring_billing_period',
  'hs_sku',
  'hs_state_code',
  'hs_tax_rate_group_id',
]);

/**
 * They never stand in a record: the id has its own field, and the stamps move with every save that changes nothing,
 * so a record that held them would look changed.
 */
const bookkeeping = new Set([
  'hs_object_id',
  'hs_lastmodifieddate',
  'lastmodifieddate',
  'hs_merged_object_ids',
]);

export function accountProperties(client: HubSpotClient, settings: HubSpotSettings, kit: Kit): Properties {
  const known = new Map<string, { readonly until: number; readonly list: PropertyDefinition[] }>();

  async function definitions(type: ObjectType, signal: AbortSignal): Promise<PropertyDefinition[]> {
    const now = kit.now().getTime();
    const entry = known.get(type.path);
    if (entry && now < entry.until) return entry.list;
    const list = await fetchDefinitions(type, signal);
    known.set(type.path, { until: now + freshMs, list });
    return list;
  }

  async function fetchDefinitions(type: ObjectType, signal: AbortSignal): Promise<PropertyDefinition[]> {
    const answer = await client.find(client.paths.properties(type), {}, propertyList, signal);
    if (answer !== null) return answer.results;
    if (type.standard.length === 0) throw noProperties(type);
    kit.log.warn(
      { type: type.name },
      'HubSpot lists no properties for this object type; the standard ones are read',
    );
    return [...type.standard, ...wanted].map((name) => ({ name, type: 'string' }));
  }

  async function of(type: ObjectType, signal: AbortSignal): Promise<PropertySet> {
    const extra = new Set(settings.properties[type.name] ?? []);
    const all = await definitions(type, signal);
    const record = all.filter(
      (definition) =>
        !bookkeeping.has(definition.name) &&
        (extra.has(definition.name) || wanted.has(definition.name) || isBusiness(type, definition)),
    );
    const names = new Set(record.map(({ name }) => name));
    // A name from the settings that HubSpot does not list is asked for all the same: it answers nothing, or it.
    for (const name of extra) if (!names.has(name) && !bookkeeping.has(name)) record.push({ name });
    record.sort((left, right) => (left.name < right.name ? -1 : 1));
    return {
      record,
      asked: [...record.map(({ name }) => name), type.modified, 'hs_object_id', 'hs_merged_object_ids'],
    };
  }

  async function fieldsOf(type: ObjectType, signal: AbortSignal) {
    const set = await of(type, signal);
    return {
      id: { type: 'text', label: 'Record ID', required: true, readOnly: true } as const,
      ...Object.fromEntries(set.record.map((definition) => [definition.name, describeField(definition)])),
    };
  }

  /** A related object that the app may not look into is described without its fields: nobody need read it. */
  async function nestedFields(
    type: ObjectType,
    signal: AbortSignal,
  ): Promise<Pick<FieldDescription, 'fields'>> {
    try {
      return { fields: await fieldsOf(type, signal) };
    } catch (error) {
      if (error instanceof Fault && error.code === 'hubspot_missing_scope') return {};
      throw error;
    }
  }

  return {
    of,
    describe: async (type, signal) => {
      known.clear();
      const relations = await Promise.all(
        Object.entries(type.relations).map(async ([name, { to, many }]) => {
          const field: FieldDescription = {
            type: many ? 'lines' : 'record',
            label: name,
            required: false,
            readOnly: true,
            ...(await nestedFields(knownObjects[to], signal)),
          };
          return [name, field] as const;
        }),
      );
      return {
        entity: type.name,
        fields: { ...(await fieldsOf(type, signal)), ...Object.fromEntries(relations) },
      };
    },
  };
}

/** Whether a property was made or is filled in by people, and is none of HubSpot's own statistics. */
function isBusiness({ ownProperties }: ObjectType, definition: PropertyDefinition): boolean {
  const { name, calculated, hubspotDefined, modificationMetadata } = definition;
  if (calculated && hubspotDefined) return false;
  return !name.startsWith('hs_') || (ownProperties === 'editable' && !modificationMetadata?.readOnlyValue);
}

function describeField(definition: PropertyDefinition): FieldDescription {
  const type = fieldType(definition);
  // Hidden ones as well: these are left out of forms, and records hold them all the same.
  const options = (definition.options ?? []).map((option) => option.value);
  return {
    type,
    label: definition.label ?? definition.name,
    required: false,
    readOnly: Boolean(definition.calculated || definition.modificationMetadata?.readOnlyValue),
    ...(type === 'enum' && { options }),
    ...(type === 'reference' && { to: 'products' }),
  };
}

/** HubSpot's country is free text, its number may have decimals, and a multi-select holds several values in one text. */
function fieldType({ name, type, fieldType, options }: PropertyDefinition): FieldType {
  if (name === 'hs_product_id') return 'reference';
  switch (type) {
    case 'number':
      return 'decimal';
    case 'bool':
      return 'boolean';
    case 'date':
      return 'date';
    case 'datetime':
      return 'datetime';
    case 'enumeration':
      return fieldType !== 'checkbox' && options?.length ? 'enum' : 'text';
    default:
      return 'text';
  }
}

function noProperties({ name, path }: ObjectType): Fault {
  return new Fault({
    kind: 'config',
    code: 'hubspot_unknown_entity',
    message: `HubSpot lists no properties for ${name} (${path}): is this object switched on in the account?`,
  });
}
