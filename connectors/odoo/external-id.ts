/**
 * Makes the name of an Odoo external id (`ir.model.data.name`) from an external key. Different keys give different
 * names, and only `A-Z a-z 0-9 _` come out: Odoo splits an external id at its first dot, and import at commas.
 * Everything but letters and digits becomes `_` and its UTF-16 code in hex (`_2F`, `_u20AC`).
 */
export function externalIdName(key: string): string {
  return key.replaceAll(/[^A-Za-z0-9]/g, (unit) => {
    const hex = unit.charCodeAt(0).toString(16).toUpperCase();
    return hex.length > 2 ? `_u${hex.padStart(4, '0')}` : `_${hex.padStart(2, '0')}`;
  });
}

/**
 * The name for a line of a record. No encoded part holds two underscores in a row, so that the parts stay apart and
 * a line never has the name of a record.
 */
export function lineIdName(recordKey: string, field: string, lineKey: string): string {
  return [recordKey, field, lineKey].map(externalIdName).join('__');
}

/** The external key behind a name; null for that of a line, and for a name that {@link externalIdName} never gives. */
export function keyOfName(name: string): string | null {
  if (name.includes('__')) return null;
  const key = name.replaceAll(/_u([0-9A-F]{4})|_([0-9A-F]{2})/g, (_, long?: string, short?: string) =>
    String.fromCharCode(Number.parseInt(long ?? short ?? '', 16)),
  );
  return externalIdName(key) === name ? key : null;
}
