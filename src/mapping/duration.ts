const units: { readonly [unit: string]: number } = { s: 1, m: 60, h: 3600, d: 86_400 };

/** `30s`, `15m`, `1h` or `2d` in seconds; null when it is none of these, or nothing. */
export function parseDuration(text: string): number | null {
  const match = /^([1-9]\d{0,5})([smhd])$/.exec(text);
  return match === null ? null : Number(match[1]) * (units[match[2] ?? ''] ?? 0);
}
