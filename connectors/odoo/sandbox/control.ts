import { z } from 'zod';
import { type Environment, modelOf } from './environment.ts';
import { answerOf } from './methods.ts';
import { create, type Given, unlink, write } from './orm.ts';
import { settleOrders } from './sale.ts';
import type { Field } from './schema.ts';
import { constraintAsValidation, ServerError } from './server-error.ts';

type ControlAnswer = { readonly status: number; readonly body: unknown };

export type Controls = {
  environment(context: Environment['context'], login: string): Environment;
  stats(): unknown;
  misbehave(rules: unknown): void;
};

const values = z.record(z.string(), z.unknown());

/**
 * The control surface: what a person who works in Odoo would do (see, make, edit and delete records), the rules of
 * misbehaviour, and the counts of calls by model and method. Reading shows archived records, too. Who does it is the
 * user with the login given, or else Marc Demo.
 */
export function control(
  controls: Controls,
): (method: string, path: string, text: string, login?: string | null) => ControlAnswer {
  return (method, path, text, login) => {
    try {
      if (path === '/_sandbox/stats' && method === 'GET') return { status: 200, body: controls.stats() };
      if (path === '/_sandbox/misbehave' && method === 'PUT') {
        controls.misbehave(JSON.parse(text));
        return { status: 200, body: {} };
      }
      const [, model, id] = /^\/_sandbox\/records\/([^/]+)(?:\/(\d+))?$/.exec(path) ?? [];
      const env = controls.environment({ active_test: false }, login ?? 'demo');
      if (model === undefined || !env.models.has(model))
        return { status: 404, body: { error: 'no such entity or path' } };
      return env.store.transaction(() =>
        onRecords(env, method, model, id === undefined ? null : Number(id), text),
      );
    } catch (error) {
      if (error instanceof ServerError)
        return { status: 422, body: { error: constraintAsValidation(error).message } };
      if (error instanceof z.ZodError) return { status: 400, body: { error: z.prettifyError(error) } };
      throw error;
    }
  };
}

/** A command line gives texts alone; a person who types `false` or the id of a record means that. */
function meant(field: Field | undefined, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  if (field?.type === 'boolean') return value === 'true';
  return field?.type === 'many2one' && /^\d+$/.test(value) ? Number(value) : value;
}

function onRecords(
  env: Environment,
  method: string,
  model: string,
  id: number | null,
  text: string,
): ControlAnswer {
  const { fields } = modelOf(env, model);
  const names = [...fields.keys()];
  const given = (): Given =>
    Object.fromEntries(
      Object.entries(values.parse(JSON.parse(text))).map(([name, value]) => [
        name,
        meant(fields.get(name), value),
      ]),
    );
  if (id === null) {
    if (method === 'GET')
      return {
        status: 200,
        body: [...env.store.rows(model)].map(([each]) => answerOf(env, model, each, names)),
      };
    if (method !== 'POST') return { status: 405, body: { error: 'GET or POST' } };
    const made = create(env, model, given());
    settleOrders(env);
    return { status: 201, body: answerOf(env, model, made, names) };
  }
  if (env.store.get(model, id) === undefined) return { status: 404, body: { error: 'no such record' } };
  if (method === 'DELETE') {
    unlink(env, model, id);
    settleOrders(env);
    return { status: 200, body: {} };
  }
  if (method === 'PATCH') {
    write(env, model, id, given());
    settleOrders(env);
  } else if (method !== 'GET') return { status: 405, body: { error: 'GET, PATCH or DELETE' } };
  return { status: 200, body: answerOf(env, model, id, names) };
}
