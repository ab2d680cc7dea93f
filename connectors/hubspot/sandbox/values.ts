/** What HubSpot accepts as the value of a property, and how it keeps it. */
import type { ObjectType } from './object-types.ts';
import type { Definition } from './definitions.ts';
import type { PropertyProblem } from './refusal.ts';
import type { World } from './world.ts';

export type Checked = {
  readonly properties: { readonly [name: string]: string | null };
  readonly problems: readonly PropertyProblem[];
};

/** Checks the values given for a record; the empty text clears. All problems at once. */
export function checkValues(
  world: World,
  type: ObjectType,
  given: { readonly [name: string]: unknown },
): Checked {
  const properties: { [name: string]: string | null } = {};
  const problems: PropertyProblem[] = [];
  for (const [name, value] of Object.entries(given)) {
    const definition = world.definitions[type].get(name);
    const kept = keep(definition, name, textOf(value));
    if (typeof kept === 'object') problems.push(kept);
    else properties[name] = kept === '' ? null : kept;
  }
  return { properties, problems };
}

/** HubSpot takes numbers and booleans in JSON as well, and keeps them as text. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === null || value === undefined ? '' : JSON.stringify(value);
}

function keep(definition: Definition | undefined, name: string, text: string): string | PropertyProblem {
  if (!definition)
    return { name, error: 'PROPERTY_DOESNT_EXIST', message: `Property "${name}" does not exist` };
  if (definition.modificationMetadata.readOnlyValue)
    return { name, error: 'READ_ONLY_VALUE', message: `"${name}" is a read only property` };
  if (text === '') return '';
  switch (definition.type) {
    case 'number':
      return /^-?\d+(\.\d+)?$/.test(text)
        ? text
        : { name, error: 'INVALID_INTEGER', message: `${text} was not a valid number` };
    case 'bool':
      return /^(true|false)$/.test(text)
        ? text
        : { name, error: 'INVALID_BOOLEAN', message: `${text} is not true or false` };
    case 'enumeration':
      return keepOption(definition, text);
    case 'date':
    case 'datetime':
      return keepDate(definition, text);
    default:
      if (name === 'email' && !/^\S+@\S+\.\S+$/.test(text))
        return { name, error: 'INVALID_EMAIL', message: `Email address ${text} is invalid` };
      return text;
  }
}

function keepOption({ name, options }: Definition, text: string): string | PropertyProblem {
  if (options.some(({ value }) => value === text)) return text;
  const allowed = options.map(({ value }) => value).join(', ');
  return {
    name,
    error: 'INVALID_OPTION',
    message: `${text} was not one of the allowed options: [${allowed}]`,
  };
}

function keepDate({ name, type }: Definition, text: string): string | PropertyProblem {
  const ms = /^-?\d+$/.test(text) ? Number(text) : Date.parse(text);
  const date = new Date(ms);
  if (Number.isNaN(date.getTime()))
    return { name, error: 'INVALID_DATE', message: `${text} was not a valid long` };
  if (type === 'datetime') return date.toISOString().replace('.000Z', 'Z');
  if (ms % 86_400_000 === 0) return date.toISOString().slice(0, 10);
  return { name, error: 'INVALID_DATE', message: `${text} is at a time of day; a date is midnight UTC` };
}

/** The problems of values that another record holds already, where the property is unique. */
export function uniqueProblems(
  world: World,
  type: ObjectType,
  id: string | null,
  properties: { readonly [name: string]: string | null },
): { readonly name: string; readonly holder: string }[] {
  const unique = Object.entries(properties).filter(
    ([name, value]) => value !== null && world.definitions[type].get(name)?.hasUniqueValue,
  );
  return unique.flatMap(([name, value]) => {
    const holder = world.rows[type].find(
      (row) => row.id !== id && row.state.archivedAt === null && row.state.properties[name] === value,
    );
    return holder ? [{ name, holder: holder.id }] : [];
  });
}
