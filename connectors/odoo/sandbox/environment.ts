import type { Model, Version } from './schema.ts';
import type { Store } from './store.ts';
import { userError } from './server-error.ts';

/** What one call works with. */
export type Environment = {
  readonly version: Version;
  readonly models: ReadonlyMap<string, Model>;
  readonly store: Store;
  readonly context: { readonly [name: string]: unknown };
  /** Start of the transaction, UTC with microseconds: every row that it writes carries this stamp. */
  readonly now: string;
  /** The user who calls: every row that is written names them. */
  readonly user: number;
  /** Orders whose totals are due. */
  readonly dueOrders: Set<number>;
  /** The module that import gives to external ids of new lines; null outside an import. */
  readonly importModule: string | null;
  /** Whether a user without administration rights is calling. */
  readonly restricted: boolean;
};

export function modelOf(env: Pick<Environment, 'models'>, name: string): Model {
  const model = env.models.get(name);
  if (model === undefined) throw userError(`Object ${name} doesn't exist`);
  return model;
}
