import type { App } from './apps.ts';
import type { Environment } from './environment.ts';

/** What the stand-in knows of a version of Odoo, a field, a model and a row. */
export type Version = 16 | 19;

type FieldType =
  | 'char'
  | 'text'
  | 'html'
  | 'integer'
  | 'float'
  | 'monetary'
  | 'boolean'
  | 'date'
  | 'datetime'
  | 'selection'
  | 'many2one'
  | 'one2many'
  | 'many2many';

export type Field = {
  readonly type: FieldType;
  readonly string: string;
  readonly required?: boolean;
  readonly readonly?: boolean;
  readonly relation?: string;
  /** For one2many: the many2one on the other side. */
  readonly inverse?: string;
  readonly selection?: readonly (readonly [string, string])[];
  /** Decimals that a number is rounded to when it is written; null keeps all. */
  readonly decimals?: number | null;
  readonly default?: Stored;
  /** The default is the moment of creation. */
  readonly defaultsToNow?: boolean;
  /** Odoo computes it unless it is written. */
  readonly computed?: boolean;
  readonly companyDependent?: boolean;
  /** The app that adds the field, where that may not be installed. */
  readonly app?: App;
  /** For a field that is computed when it is read, and kept nowhere. */
  readonly answered?: (env: Environment, id: number, row: Row) => Stored;
};

/** Numbers with decimals are kept as text, so that the sums are exact. Empty is `false`. */
export type Stored = false | true | string | number | readonly number[];
export type Row = { readonly [field: string]: Stored };
export type Model = {
  readonly label: string;
  readonly fields: ReadonlyMap<string, Field>;
  readonly order: string;
  /** The app that it belongs to, where that may not be installed. */
  readonly app?: App;
};

/** The field that hides a record; on a model made in Odoo's own screens it is called `x_active`. */
export const activeField = ({ fields }: Model): string | null =>
  ['active', 'x_active'].find((name) => fields.has(name)) ?? null;

/** A value of a row as text; empty for what it does not have. */
export const textOf = (row: Row | undefined, field: string): string => String(row?.[field] || '');

/** The full external id that a row of `ir.model.data` stands for. */
export const externalIdOf = (row: Row): string => `${textOf(row, 'module')}.${textOf(row, 'name')}`;
