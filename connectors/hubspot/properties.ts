import type { EntityDescription, FieldDescription, FieldType, Kit } from '../../src/connector/contract.ts';
import { Fault } from '../../src/connector/fault.ts';
import { propertyList } from './answers.ts';
import type { PropertyDefinition } from './answers.ts';
import type { HubSpotClient } from './client.ts';
import { shapes } from './objects.ts';
import type { EntityType, ObjectType } from './objects.ts';
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
  describe(entity: EntityType, signal: AbortSignal): Promise<EntityDescription>;
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
  const known = new Map<ObjectType, { readonly until: number; readonly list: PropertyDefinition[] }>();

  async function definitions(type: ObjectType, signal: AbortSignal): Promise<PropertyDefinition[]> {
    const now = kit.now().getTime();
    const entry = known.get(type);
    if (entry && now < entry.until) return entry.list;
    const list = await fetchDefinitions(type, signal);
    known.set(type, { until: now + freshMs, list });
    return list;
  }

  async function fetchDefinitions(type: ObjectType, signal: AbortSignal): Promise<PropertyDefinition[]> {
    const answer = await client.find(client.paths.properties(type), {}, propertyList, signal);
    if (answer !== null) return answer.results;
    kit.log.warn({ type }, 'HubSpot lists no properties for this object type; the standard ones are read');
    return [...shapes[type].standard, ...wanted].map((name) => ({ name, type: 'string' }));
  }

  async function of(type: ObjectType, signal: AbortSignal): Promise<PropertySet> {
    const extra = new Set(settings.properties[type] ?? []);
    const all = await definitions(type, signal);
    const record = all.filter(
      ({ name, calculated, hubspotDefined }) =>
        !bookkeeping.has(name) &&
        (extra.has(name) || wanted.has(name) || !(name.startsWith('hs_') || (calculated && hubspotDefined))),
    );
    const names = new Set(record.map(({ name }) => name));
    // A name from the settings that HubSpot does not list is asked for all the same: it answers nothing, or it.
    for (const name of extra) if (!names.has(name) && !bookkeeping.has(name)) record.push({ name });
    record.sort((left, right) => (left.name < right.name ? -1 : 1));
    return {
      record,
      asked: [
        ...record.map(({ name }) => name),
        shapes[type].modified,
        'hs_object_id',
        'hs_merged_object_ids',
      ],
    };
  }

  async function fieldsOf(type: ObjectType, signal: AbortSignal) {
    const set = await of(type, signal);
    return {
      id: { type: 'text', label: 'Record ID', required: true, readOnly: true } as const,
      ...Object.fromEntries(set.record.map((definition) => [definition.name, describeField(definition)])),
    };
  }

  return {
    of,
    describe: async (entity, signal) => {
      known.clear();
      const relations = await Promise.all(
        Object.entries(shapes[entity].relations).map(async ([name, { to, many }]) => {
          const field: FieldDescription = {
            type: many ? 'lines' : 'record',
            label: name,
            required: false,
            readOnly: true,
            fields: await fieldsOf(to, signal),
          };
          return [name, field] as const;
        }),
      );
      return { entity, fields: { ...(await fieldsOf(entity, signal)), ...Object.fromEntries(relations) } };
    },
  };
}

function describeField(definition: PropertyDefinition): FieldDescription {
  const type = fieldType(definition);
  const options = (definition.options ?? []).filter((option) => !option.hidden).map((option) => option.value);
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

/** Throws when HubSpot's connector does not know the entity. */
export function unknownEntity(entity: string): Fault {
  return new Fault({
    kind: 'config',
    code: 'hubspot_unknown_entity',
    message: `The HubSpot connector has no entity "${entity}": it knows companies, contacts, deals and products.`,
  });
}
