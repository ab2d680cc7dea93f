/** What a request writes, read off the wire of each vendor; null for one that only reads. */
import type { Reading } from './door.ts';

type Reader = (method: string, path: string, body: string) => Reading | null;
type Named = { readonly [name: string]: unknown };

/**
 * HubSpot's batches of updates are all that Causeway writes there. Several flows may save their numbers on one record,
 * each in a field of its own, so the fields belong to the name of what is written.
 */
export const readHubspot: Reader = (_method, path, body) => {
  const entity = /\/objects\/([^/]+)\/batch\/update$/.exec(path)?.[1];
  if (entity === undefined) return null;
  const { inputs } = JSON.parse(body) as { inputs: { id: string; properties: Named }[] };
  const keys = inputs.map(
    ({ id, properties }) => `${entity} ${id} ${Object.keys(properties).toSorted().join()}`,
  );
  return { operation: `${entity} update`, keys };
};

const odooReads = /^(search|read|fields|context|default|name_|check|get_|version|authenticate|login)/;

/** A call over either of Odoo's protocols. Records are named by external id or by database id. */
export const readOdoo: Reader = (_method, path, body) => {
  const json2 = /^\/json\/2\/([^/]+)\/([^/]+)$/.exec(path);
  if (json2 === null && path !== '/jsonrpc') return null;
  const parsed = JSON.parse(body) as Named & {
    params?: { args?: [unknown, unknown, unknown, string?, string?, unknown[]?, Named?] };
  };
  const [, , , rpcModel = '', rpcMethod = 'login', positional = [], keywords] = parsed.params?.args ?? [
    null,
    null,
    null,
  ];
  const [model, method] = json2 === null ? [rpcModel, rpcMethod] : [json2[1] ?? '', json2[2] ?? ''];
  if (odooReads.test(method)) return null;
  const named: Named | undefined = json2 === null ? keywords : parsed;
  const operation = `${model} ${method}`;
  if (method !== 'load') {
    const ids = [named?.['ids'] ?? positional[0]].flat().filter((id) => typeof id === 'number');
    return { operation, keys: ids.map((id) => `${model} ${id}`) };
  }
  const fields = (named?.['fields'] ?? positional[0]) as string[];
  const data = (named?.['data'] ?? positional[1]) as string[][];
  const keys = data.flatMap((row) => {
    const name = row[fields.indexOf('id')] ?? row[fields.indexOf('.id')];
    return name ? [`${model} ${name}`] : [];
  });
  return { operation, keys };
};

/** Records of the plain ERP are named by our reference, or by number where they are removed. */
export const readPlain: Reader = (method, path, body) => {
  const [, entity, kind] = /^\/records\/([^/]+)\/(batch|remove)$/.exec(path) ?? [];
  if (method !== 'POST' || entity === undefined) return null;
  const { items } = JSON.parse(body) as { items: { id?: string; external_ref?: string }[] };
  const keys = items.map((item) => `${entity} ${item.external_ref ?? item.id ?? ''}`);
  const creates = kind === 'batch' && items.every(({ id }) => id === undefined);
  return { operation: `${entity} ${kind}`, keys, creates };
};
