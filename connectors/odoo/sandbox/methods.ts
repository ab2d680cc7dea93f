import { type Domain, search } from './domain.ts';
import { type Environment, modelOf } from './environment.ts';
import { load, type Refusal } from './load.ts';
import { create, defaultOf, type Given, hasDefault, unlink, write } from './orm.ts';
import { cancelOrders, confirmOrders, settleOrders } from './sale.ts';
import { activeField, externalIdOf, type Field } from './schema.ts';
import { accessError, valueError } from './server-error.ts';
import { toAnswer } from './stored-value.ts';

export type Params = { readonly [name: string]: unknown };

/** A method that can be called from outside. */
export type Method = {
  /** Names of its arguments, in order. */
  readonly params: readonly string[];
  /** A method of the model takes no ids. */
  readonly ofModel: boolean;
  readonly writes: boolean;
  readonly run: (env: Environment, model: string, ids: readonly number[], params: Params) => unknown;
};

const ofModel = (params: readonly string[], run: Method['run'], writes = false): Method => ({
  params,
  ofModel: true,
  writes,
  run,
});
const ofRecords = (params: readonly string[], run: Method['run'], writes = false): Method => ({
  params,
  ofModel: false,
  writes,
  run,
});

/** Finds a method by name; null when the model has none of this name. `refuses` belongs to the rules of misbehaviour. */
export function methodOf(
  env: Pick<Environment, 'version'>,
  model: string,
  name: string,
  refuses: Refusal,
): Method | null {
  if (name === 'load')
    return ofModel(
      ['fields', 'data'],
      (env, model, _ids, params) =>
        load(env, model, params['fields'] as string[], params['data'] as string[][], refuses),
      true,
    );
  if (name === 'default_get')
    return ofModel([env.version === 19 ? 'fields' : 'fields_list'], (env, model, _ids, params) =>
      defaultGet(env, model, Object.values(params)[0] as string[]),
    );
  return common[name] ?? special[model]?.[name] ?? null;
}

const common: { readonly [name: string]: Method } = {
  create: ofModel(
    ['vals_list'],
    (env, model, _ids, params) => {
      const list = params['vals_list'] as Given | readonly Given[];
      const ids = [list].flat().map((values) => create(env, model, values));
      settleOrders(env);
      return Array.isArray(list) ? ids : ids[0];
    },
    true,
  ),
  write: ofRecords(
    ['vals'],
    (env, model, ids, params) => {
      for (const id of ids) write(env, model, id, params['vals'] as Given);
      settleOrders(env);
      return true;
    },
    true,
  ),
  unlink: ofRecords(
    [],
    (env, model, ids) => {
      for (const id of ids) unlink(env, model, id);
      settleOrders(env);
      return true;
    },
    true,
  ),
  action_archive: ofRecords(
    [],
    (env, model, ids) => {
      const active = activeField(modelOf(env, model)) ?? 'active';
      for (const id of ids) write(env, model, id, { [active]: false });
      return env.version === 16 ? true : undefined;
    },
    true,
  ),
  search: ofModel(['domain', 'offset', 'limit', 'order'], (env, model, _ids, params) =>
    selected(env, model, params),
  ),
  search_count: ofModel(
    ['domain', 'limit'],
    (env, model, _ids, params) => selected(env, model, params).length,
  ),
  search_read: ofModel(['domain', 'fields', 'offset', 'limit', 'order'], (env, model, _ids, params) =>
    read(env, model, selected(env, model, params), params['fields']),
  ),
  read: ofRecords(['fields', 'load'], (env, model, ids, params) =>
    read(
      env,
      model,
      ids.filter((id) => env.store.get(model, id) !== undefined),
      params['fields'],
    ),
  ),
  fields_get: ofModel(['allfields', 'attributes'], (env, model, _ids, params) =>
    fieldsGet(env, model, params),
  ),
  get_external_id: ofRecords([], (env, model, ids) =>
    Object.fromEntries(ids.map((id) => [id, namedAs(env, model, id)])),
  ),
};

const special: { readonly [model: string]: { readonly [name: string]: Method } } = {
  'res.users': { context_get: ofModel([], () => ({ lang: 'en_US', tz: 'Europe/Brussels', uid: 2 })) },
  'sale.order': {
    action_confirm: ofRecords([], (env, _model, ids) => confirmOrders(env, ids), true),
    action_cancel: ofRecords([], (env, _model, ids) => cancelOrders(env, ids), true),
  },
  'ir.model.data': {
    check_object_reference: ofModel(
      ['module', 'xml_id', 'raise_on_access_error'],
      (env, _model, _ids, params) => {
        const full = `${String(params['module'])}.${String(params['xml_id'])}`;
        const row = env.store.get('ir.model.data', env.store.externalId(full) ?? 0);
        if (row === undefined) throw valueError(`External ID not found in the system: ${full}`);
        const model = String(row['model']);
        const [id] = search(env, model, [['id', '=', row['res_id']]]);
        return [model, id ?? false];
      },
    ),
  },
};

const administrative = new Set(['ir.model.data', 'ir.config_parameter']);

function selected(env: Environment, model: string, params: Params): number[] {
  if (env.restricted && administrative.has(model)) {
    const label = modelOf(env, model).label;
    throw accessError(
      `You are not allowed to access '${label}' (${model}) records.\n\nThis operation is allowed for the following groups:\n\t- Administration/Access Rights\n\nContact your administrator to request access if necessary.`,
    );
  }
  const ids = search(env, model, (params['domain'] ?? []) as Domain, params['order']);
  const from = Number(params['offset'] ?? 0) || 0;
  const limit = params['limit'];
  return typeof limit === 'number' && limit > 0 ? ids.slice(from, from + limit) : ids.slice(from);
}

function read(env: Environment, model: string, ids: readonly number[], asked: unknown): unknown[] {
  const { fields } = modelOf(env, model);
  const names = Array.isArray(asked) && asked.length > 0 ? asked.map(String) : [...fields.keys()];
  for (const name of names)
    if (!fields.has(name)) throw valueError(`Invalid field '${name}' on model '${model}'`);
  return ids.map((id) => answerOf(env, model, id, names));
}

/** A record as a method answers it. */
export function answerOf(
  env: Environment,
  model: string,
  id: number,
  names: readonly string[],
): { readonly [field: string]: unknown } {
  const { fields } = modelOf(env, model);
  const row = env.store.get(model, id) ?? {};
  const answers = names.flatMap((name) => {
    const field = fields.get(name);
    return field === undefined
      ? []
      : [[name, name === 'id' ? id : toAnswer(env, id, row, name, field)] as const];
  });
  return { id, ...Object.fromEntries(answers) };
}

function defaultGet(
  env: Environment,
  model: string,
  names: readonly string[],
): { readonly [field: string]: unknown } {
  const { fields } = modelOf(env, model);
  const defaults = names.flatMap((name) => {
    const field = fields.get(name);
    if (field === undefined || (!hasDefault(field) && !field.companyDependent)) return [];
    return [[name, toAnswer(env, 0, { [name]: defaultOf(env, field) }, name, field)] as const];
  });
  return Object.fromEntries(defaults);
}

function fieldsGet(env: Environment, model: string, params: Params): { readonly [field: string]: unknown } {
  const only = Array.isArray(params['allfields']) ? new Set(params['allfields']) : null;
  const attributes = Array.isArray(params['attributes']) ? new Set(params['attributes']) : null;
  const described = [...modelOf(env, model).fields].filter(([name]) => only === null || only.has(name));
  return Object.fromEntries(
    described.map(([name, field]) => [name, pick(description(name, field), attributes)]),
  );
}

const pick = (all: { readonly [name: string]: unknown }, names: ReadonlySet<unknown> | null): object =>
  Object.fromEntries(
    Object.entries(all).filter(([name, value]) => value !== undefined && (names === null || names.has(name))),
  );

const description = (name: string, field: Field): { readonly [name: string]: unknown } => ({
  name,
  type: field.type,
  string: field.string,
  required: field.required ?? false,
  readonly: field.readonly ?? false,
  store: field.type !== 'one2many' && name !== 'display_name',
  company_dependent: field.companyDependent ?? false,
  depends: field.computed ? ['company_id'] : [],
  searchable: true,
  sortable: field.type !== 'one2many',
  relation: field.relation,
  relation_field: field.inverse,
  selection: field.selection,
});

function namedAs(env: Environment, model: string, id: number): string {
  const row = env.store.get('ir.model.data', env.store.externalIdsOf(model, id)[0] ?? 0);
  return row === undefined ? '' : externalIdOf(row);
}
