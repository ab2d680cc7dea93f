/** The properties of the sandbox's account, in the form in which HubSpot's properties API gives them. */
import type { ObjectType } from './object-types.ts';

type Option = {
  readonly label: string;
  readonly value: string;
  readonly displayOrder: number;
  readonly hidden: boolean;
};

export type Definition = {
  readonly name: string;
  readonly label: string;
  readonly type: 'string' | 'number' | 'bool' | 'enumeration' | 'date' | 'datetime';
  readonly fieldType: string;
  readonly description: string;
  readonly groupName: string;
  readonly options: readonly Option[];
  readonly displayOrder: number;
  readonly calculated: boolean;
  readonly externalOptions: boolean;
  readonly hasUniqueValue: boolean;
  readonly hidden: boolean;
  readonly hubspotDefined: boolean;
  readonly formField: boolean;
  readonly modificationMetadata: {
    readonly archivable: boolean;
    readonly readOnlyDefinition: boolean;
    readonly readOnlyValue: boolean;
  };
};

type Sketch = Partial<Definition> & Pick<Definition, 'name' | 'label'> & { readonly readOnly?: boolean };

const fieldTypes: { readonly [type in Definition['type']]: string } = {
  string: 'text',
  number: 'number',
  bool: 'booleancheckbox',
  enumeration: 'select',
  date: 'date',
  datetime: 'date',
};

/** Completes a definition as HubSpot would. A property that a user makes is not HubSpot's own. */
export function definition({ readOnly = false, ...sketch }: Sketch): Definition {
  const type = sketch.type ?? 'string';
  const hubspotDefined = sketch.hubspotDefined ?? false;
  return {
    description: '',
    groupName: 'information',
    options: [],
    displayOrder: -1,
    calculated: false,
    externalOptions: false,
    hasUniqueValue: false,
    hidden: false,
    formField: !readOnly,
    ...sketch,
    type,
    fieldType: sketch.fieldType ?? fieldTypes[type],
    hubspotDefined,
    modificationMetadata: {
      archivable: !hubspotDefined,
      readOnlyDefinition: hubspotDefined,
      readOnlyValue: readOnly,
    },
  };
}

export function options(...values: string[]): Option[] {
  return values.map((value, displayOrder) => ({ label: value, value, displayOrder, hidden: false }));
}

const own = (name: string, label: string, more: Partial<Sketch> = {}) =>
  definition({ name, label, hubspotDefined: true, ...more });
const custom = (name: string, label: string, more: Partial<Sketch> = {}) =>
  definition({ name, label, ...more });

const bookkeeping = (modified: string, created = 'createdate') => [
  own('hs_object_id', 'Record ID', { type: 'number', readOnly: true }),
  own(created, 'Create Date', { type: 'datetime', readOnly: true }),
  own(modified, 'Last Modified Date', { type: 'datetime', readOnly: true }),
  own('hs_merged_object_ids', 'Merged record IDs', {
    type: 'enumeration',
    fieldType: 'checkbox',
    readOnly: true,
  }),
  own('hs_num_open_deals', 'Number of open deals', { type: 'number', calculated: true, readOnly: true }),
];

const address = [
  own('phone', 'Phone Number', { fieldType: 'phonenumber' }),
  own('address', 'Street Address'),
  own('city', 'City'),
  own('state', 'State/Region'),
  own('zip', 'Postal Code'),
  own('country', 'Country/Region'),
];

const number = { type: 'number' } as const;

export const definitions: { readonly [type in ObjectType]: readonly Definition[] } = {
  companies: [
    ...bookkeeping('hs_lastmodifieddate'),
    own('name', 'Company name'),
    own('domain', 'Company Domain Name'),
    own('website', 'Website URL'),
    own('industry', 'Industry', {
      type: 'enumeration',
      options: options('FOOD_BEVERAGES', 'RETAIL', 'WHOLESALE'),
    }),
    own('lifecyclestage', 'Lifecycle Stage', {
      type: 'enumeration',
      options: options('lead', 'opportunity', 'customer'),
    }),
    own('description', 'Description', { fieldType: 'textarea' }),
    own('num_notes', 'Number of Sales Activities', { ...number, calculated: true, readOnly: true }),
    ...address,
    custom('fax', 'Fax Number'),
    custom('northwind_id', 'Northwind customer'),
    custom('erp_customer_number', 'ERP customer number'),
  ],
  contacts: [
    ...bookkeeping('lastmodifieddate'),
    own('firstname', 'First Name'),
    own('lastname', 'Last Name'),
    own('email', 'Email', { hasUniqueValue: true }),
    own('jobtitle', 'Job Title'),
    own('company', 'Company Name'),
    own('mobilephone', 'Mobile Phone Number', { fieldType: 'phonenumber' }),
    ...address,
    custom('erp_contact_number', 'ERP contact number'),
  ],
  deals: [
    ...bookkeeping('hs_lastmodifieddate'),
    own('dealname', 'Deal Name'),
    own('dealstage', 'Deal Stage', {
      type: 'enumeration',
      fieldType: 'radio',
      options: options('appointmentscheduled', 'qualifiedtobuy', 'contractsent', 'closedwon', 'closedlost'),
    }),
    own('pipeline', 'Pipeline', { type: 'enumeration', options: options('default') }),
    own('amount', 'Amount', number),
    own('closedate', 'Close Date', { type: 'datetime' }),
    own('deal_currency_code', 'Currency', { type: 'enumeration', options: options('EUR', 'USD') }),
    own('description', 'Deal Description', { fieldType: 'textarea' }),
    custom('northwind_order_id', 'Northwind order'),
    custom('required_date', 'Required date', { type: 'date' }),
    custom('freight', 'Freight', number),
    custom('erp_order_number', 'ERP order number'),
  ],
  line_items: [
    ...bookkeeping('hs_lastmodifieddate'),
    own('name', 'Name'),
    own('hs_product_id', 'Product ID', number),
    own('hs_sku', 'SKU'),
    own('quantity', 'Quantity', number),
    own('price', 'Unit price', number),
    own('hs_discount_percentage', 'Discount Percentage', number),
    own('hs_position_on_quote', 'Position on quote', number),
    own('description', 'Product description', { fieldType: 'textarea' }),
  ],
  products: [
    ...bookkeeping('hs_lastmodifieddate'),
    own('name', 'Name'),
    own('hs_sku', 'SKU'),
    own('price', 'Unit price', number),
    own('description', 'Product description', { fieldType: 'textarea' }),
    custom('discontinued', 'Discontinued', { type: 'bool', options: options('true', 'false') }),
    custom('erp_product_number', 'ERP product number'),
  ],
  tickets: [
    ...bookkeeping('hs_lastmodifieddate'),
    own('subject', 'Ticket name'),
    own('content', 'Ticket description', { fieldType: 'textarea' }),
    own('hs_pipeline', 'Pipeline', { type: 'enumeration', options: options('0') }),
    own('hs_pipeline_stage', 'Ticket status', { type: 'enumeration', options: options('1', '2', '3', '4') }),
    own('hs_ticket_priority', 'Priority', {
      type: 'enumeration',
      options: options('LOW', 'MEDIUM', 'HIGH'),
    }),
    own('closed_date', 'Close date', { type: 'datetime' }),
    own('hs_time_to_close', 'Time to close', { ...number, readOnly: true }),
    custom('erp_ticket_number', 'ERP ticket number'),
  ],
  machines: [
    ...bookkeeping('hs_lastmodifieddate', 'hs_createdate'),
    custom('name', 'Name'),
    custom('serial_number', 'Serial number', { hasUniqueValue: true }),
    custom('power_kw', 'Power (kW)', number),
    custom('commissioned_on', 'Commissioned on', { type: 'date' }),
    custom('status', 'Status', {
      type: 'enumeration',
      options: options('in_service', 'stopped', 'scrapped'),
    }),
    custom('under_warranty', 'Under warranty', { type: 'bool', options: options('true', 'false') }),
    custom('erp_machine_number', 'ERP machine number'),
  ],
};

/** What HubSpot gives where a request names no properties. */
export const defaultProperties: { readonly [type in ObjectType]: readonly string[] } = {
  companies: ['name', 'domain'],
  contacts: ['firstname', 'lastname', 'email'],
  deals: ['dealname', 'amount', 'closedate', 'pipeline', 'dealstage'],
  line_items: ['quantity', 'hs_product_id'],
  products: ['name', 'description', 'price'],
  tickets: ['subject', 'content', 'hs_pipeline', 'hs_pipeline_stage', 'hs_ticket_priority'],
  machines: [],
};
