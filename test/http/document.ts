/** What a test reads of the OpenAPI document. */
export type Schema = {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly example?: unknown;
  readonly examples?: readonly unknown[];
  readonly properties?: { readonly [name: string]: Schema };
  readonly required?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
};

export type Parameter = {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly schema?: Schema;
  readonly example?: unknown;
  readonly examples?: { readonly [name: string]: { readonly value: unknown } };
  readonly description?: string;
};

export type Operation = {
  readonly operationId: string;
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: { readonly [type: string]: { readonly schema?: Schema } } };
  readonly responses: {
    readonly [status: string]: { readonly content?: { readonly [type: string]: object } };
  };
};

export type Document = {
  readonly openapi: string;
  readonly paths: { readonly [path: string]: { readonly [method: string]: Operation } };
  readonly components: { readonly schemas: { readonly [name: string]: Schema } };
};

export type Route = { readonly method: string; readonly path: string; readonly operation: Operation };

/** Every operation of the document, with its method in capitals. */
export function routesOf(document: Document): Route[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
}

/** The first example of a parameter, or undefined. */
export function exampleOf({ example, examples, schema }: Parameter): unknown {
  return (
    example ??
    Object.values(examples ?? {})[0]?.value ??
    schema?.example ??
    schema?.examples?.[0] ??
    undefined
  );
}

/** The first example of a body: its own, or one that is put together from its properties. */
export function bodyExample(schema: Schema | undefined, document: Document): unknown {
  if (schema === undefined) return undefined;
  if (schema.$ref !== undefined)
    return bodyExample(document.components.schemas[schema.$ref.split('/').at(-1) ?? ''], document);
  const own = schema.example ?? schema.examples?.[0];
  if (own !== undefined) return own;
  const [choice] = schema.anyOf ?? schema.oneOf ?? [];
  if (choice !== undefined) return bodyExample(choice, document);
  const parts = Object.entries(schema.properties ?? {}).flatMap(([name, part]): [string, unknown][] => {
    const value = bodyExample(part, document);
    return value === undefined ? [] : [[name, value]];
  });
  return parts.length === 0 ? undefined : Object.fromEntries(parts);
}
