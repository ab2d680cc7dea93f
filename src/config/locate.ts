import type { Place } from '../errors/source-text.ts';
import type { ConfigPath } from './config.ts';
import type { ConfigDocument } from './document.ts';
import type { Override } from './environment.ts';

/** What a person calls a value, and where it stands if it stands in the file. */
type Located = { readonly name: string } & Partial<Place>;

/** Says where the value or the key at a path comes from. */
export type Locate = (path: ConfigPath, on?: 'key' | 'value') => Located;

/** Locates values in the file, or in the environment where that has put something over it. */
export function locateIn(document: ConfigDocument, above: readonly Override[]): Locate {
  return (path, on) => {
    const name = path.length === 0 ? 'this file' : `\`${path.join('.')}\``;
    const override = above.find((one) => one.path.join('.') === path.join('.'));
    if (override === undefined) return { name, ...document.place(path, on) };
    return { name: `${override.variable} in the environment (${name})` };
  };
}
