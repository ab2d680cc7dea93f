import type { EntityDescription } from '../connector/contract.ts';

/** What the systems said of their entities when they were last asked, by connection. */
export type Described = { readonly [connection: string]: DescribedConnection };

export type DescribedConnection = {
  /** Which system answered, so that the description of one is never held against another. */
  readonly system: string;
  /** Entities that can be read from it, and entities that can be written to it, by name. */
  readonly source: { readonly [entity: string]: EntityDescription };
  readonly sink: { readonly [entity: string]: EntityDescription };
};
