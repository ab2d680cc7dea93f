/** The object types of the sandbox's account: HubSpot's own, and a custom object that somebody made in it. */
import { badRequest } from './refusal.ts';

export const objectTypes = [
  'companies',
  'contacts',
  'deals',
  'line_items',
  'products',
  'tickets',
  'machines',
] as const;
export type ObjectType = (typeof objectTypes)[number];

export const portalId = 4_210_077;

/** The custom object, by all the names that HubSpot takes for it. Its plain name is not among them. */
export const machines = { typeId: '2-31460077', fullName: `p${portalId}_machines`, shortName: 'p_machines' };

export const typeIds: { readonly [type in ObjectType]: string } = {
  companies: '0-2',
  contacts: '0-1',
  deals: '0-3',
  line_items: '0-8',
  products: '0-7',
  tickets: '0-5',
  machines: machines.typeId,
};

/** The properties of an object type that carry its stamps. */
export function stampsOf(type: ObjectType): { readonly created: string; readonly modified: string } {
  return {
    created: type === 'machines' ? 'hs_createdate' : 'createdate',
    modified: type === 'contacts' ? 'lastmodifieddate' : 'hs_lastmodifieddate',
  };
}

/** How HubSpot's answers call an object type. */
export function nameInAnswers(type: ObjectType): string {
  return type === 'machines' ? machines.fullName : type;
}

/** HubSpot takes the plural, the singular and the type id of its own object types. */
export function typeOf(name: string | undefined): ObjectType {
  const found = objectTypes.find(
    (type) => typeIds[type] === name || (type !== 'machines' && isCalled(type, name)),
  );
  if (found) return found;
  if (name === machines.fullName || name === machines.shortName) return 'machines';
  throw badRequest(`Unable to infer object type from: ${name}`);
}

/** The object type by its plain name, as the control surface takes it. */
export function typeNamed(name: string): ObjectType {
  return objectTypes.find((type) => isCalled(type, name)) ?? typeOf(name);
}

function isCalled(type: ObjectType, name: string | undefined): boolean {
  return type === name || type === `${name}s` || type === name?.replace(/y$/, 'ies');
}
