import type { Kit } from '../../src/connector/contract.ts';
import { Fault } from '../../src/connector/fault.ts';
import { schemaList } from './answers.ts';
import type { Schema } from './answers.ts';
import type { HubSpotClient } from './client.ts';
import { otherObject, standardNames, standardObject } from './objects.ts';
import type { ObjectType } from './objects.ts';

/** What the entities of mappings stand for in one account. */
export type Entities = {
  /**
   * The object type that a mapping calls `entity`: a standard object by its name, a custom object by its name, its
   * fully qualified name (`p123_machines`, or `p_machines` for short) or its type id (`2-123456`). Throws
   * `hubspot_unknown_entity` with what there is when the account has no such object.
   */
  find(entity: string, signal: AbortSignal): Promise<ObjectType>;
};

/** A custom object that was made in HubSpot is found at once; one that was renamed or removed within this time. */
const freshMs = 10 * 60 * 1000;

export function accountEntities(client: HubSpotClient, kit: Kit): Entities {
  let known: { readonly until: number; readonly list: readonly Schema[] } = { until: 0, list: [] };

  async function schemas(signal: AbortSignal): Promise<readonly Schema[]> {
    const answer = await client.get(client.paths.schemas, {}, schemaList, signal);
    known = { until: kit.now().getTime() + freshMs, list: answer.results };
    return known.list;
  }

  return {
    async find(entity, signal) {
      const standard = standardObject(entity);
      if (standard !== null) return standard;
      const fresh = kit.now().getTime() < known.until ? known.list : [];
      const schema = named(fresh, entity) ?? named(await schemas(signal), entity);
      if (schema !== null) return customObject(schema);
      throw unknownEntity(entity, known.list);
    },
  };
}

function named(list: readonly Schema[], entity: string): Schema | null {
  const wanted = entity.toLowerCase();
  return (
    list.find(({ name, fullyQualifiedName, objectTypeId }) =>
      [name, `p_${name}`, fullyQualifiedName, objectTypeId].some((one) => one?.toLowerCase() === wanted),
    ) ?? null
  );
}

/** HubSpot's paths do not take the plain name of a custom object. */
function customObject({ name, fullyQualifiedName, objectTypeId }: Schema): ObjectType {
  return otherObject(name, objectTypeId ?? fullyQualifiedName);
}

function unknownEntity(entity: string, custom: readonly Schema[]): Fault {
  const own = custom.map(({ name }) => name).join(', ');
  const lines = entity === 'line_items' ? ' Line items are read with their deal: `with: [line_items]`.' : '';
  return new Fault({
    kind: 'config',
    code: 'hubspot_unknown_entity',
    message: `This HubSpot account has no object "${entity}".${lines} ${own === '' ? 'It has no custom objects' : `Its custom objects are ${own}`}; the standard ones are ${standardNames.join(', ')}.`,
  });
}
