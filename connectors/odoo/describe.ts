import type { EntityDescription, FieldDescription, FieldType } from '../../src/connector/contract.ts';
import type { OdooField, OdooFields } from './fields.ts';
import type { Session } from './session.ts';

const types: { readonly [odoo: string]: FieldType } = {
  boolean: 'boolean',
  integer: 'integer',
  many2one_reference: 'integer',
  float: 'decimal',
  monetary: 'decimal',
  date: 'date',
  datetime: 'datetime',
  selection: 'enum',
  many2one: 'reference',
  many2many: 'reference',
  one2many: 'lines',
};

const codedTypes: { readonly [model: string]: FieldType } = {
  'res.country': 'country',
  'res.currency': 'currency',
};

/** Describes a model as it is now. The lines of a document (`sale.order.line` of `sale.order`) are described with it. */
export async function describe(
  session: Session,
  entity: string,
  signal: AbortSignal,
): Promise<EntityDescription> {
  const own = await session.models.reload(entity, signal);
  const fields: Record<string, FieldDescription> = await describeFields(session, entity, own, signal);
  for (const [name, field] of own) {
    if (field.type !== 'one2many' || field.relation !== `${entity}.line`) continue;
    const lines = await session.models.reload(field.relation, signal);
    fields[name] = { ...fields[name]!, fields: await describeFields(session, field.relation, lines, signal) };
  }
  return { entity, fields };
}

async function describeFields(
  session: Session,
  model: string,
  fields: OdooFields,
  signal: AbortSignal,
): Promise<Record<string, FieldDescription>> {
  const defaults = await session.models.defaults(model, signal);
  return Object.fromEntries(
    [...fields].map(([name, field]) => [name, describeField(field, defaults.has(name))]),
  );
}

function describeField(field: OdooField, hasDefault: boolean): FieldDescription {
  const coded = field.type === 'many2one' ? codedTypes[field.relation ?? ''] : undefined;
  const type = coded ?? types[field.type] ?? 'text';
  const options = field.selection?.map(([value]) => String(value));
  return {
    type,
    label: field.string,
    // A mandatory field that Odoo fills by itself need not be sent.
    required: field.required && !hasDefault && (field.depends?.length ?? 0) === 0,
    readOnly: field.readonly,
    ...(options !== undefined && { options }),
    ...(field.size !== undefined && field.size > 0 && { maxLength: field.size }),
    ...(type === 'reference' && field.relation !== undefined && { to: field.relation }),
  };
}
