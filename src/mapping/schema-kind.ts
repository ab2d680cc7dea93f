import { z } from 'zod';

/**
 * What schemas of files that people write say of themselves: `kind` completes "must be …" in a message; `editor` are
 * the JSON types that an editor sees where a person writes the value without quotes; `words` is what each word of a
 * choice means. Every scalar arrives as text.
 */
declare module 'zod' {
  interface GlobalMeta {
    kind?: string;
    editor?: readonly string[];
    words?: { readonly [word: string]: string };
  }
}

const scalarInEditor = ['string', 'number', 'boolean'] as const;

/** A text that is not empty. */
export const text = (kind: string, description: string) => z.string().min(1).meta({ kind, description });
/** Any text, which an editor may take for a number or a boolean. */
export const scalar = (kind: string, description: string) =>
  z.string().meta({ kind, description, editor: scalarInEditor });
/** Digits between two bounds; comes out as a number. */
export const whole = (least: number, most: number, description: string) =>
  z
    .string()
    .regex(/^\d{1,6}$/)
    .refine((digits) => Number(digits) >= least && Number(digits) <= most)
    .meta({ kind: `a whole number from ${least} to ${most}`, description, editor: ['integer'] })
    .transform(Number);
/** One of a few words. What each of them means is for editors; the description says it, too. */
export const oneOf = <const T extends readonly [string, ...string[]]>(
  values: T,
  description: string,
  words?: { readonly [word in T[number]]: string },
) => z.enum(values).meta({ kind: `one of ${values.join(', ')}`, description, ...(words && { words }) });
