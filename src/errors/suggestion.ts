import { closest, distance } from 'fastest-levenshtein';

/** `; did you mean \`from\`?` when one of the known names is near enough to what was written, else an empty text. */
export function didYouMean(written: string, known: readonly string[]): string {
  const name = nearest(written, known);
  return name === null ? '' : `; did you mean \`${name}\`?`;
}

/** The same for field names, where up to three that share a word do as well: `x_under_warranty` for `x_warranty`. */
export function didYouMeanField(written: string, known: readonly string[]): string {
  const related = sharingAWord(written, known).map((name) => `\`${name}\``);
  return (
    didYouMean(written, known) || (related.length === 0 ? '' : `; did you mean ${related.join(' or ')}?`)
  );
}

function sharingAWord(written: string, known: readonly string[]): string[] {
  const words = written
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word.length >= 5);
  const found = known.filter((name) => {
    const parts = name.toLowerCase().split(/[^a-z0-9]+/);
    return words.some((word) => parts.includes(word));
  });
  return found.length <= 3 ? found : [];
}

/** The known name that differs from what was written by a slip or two, or null. */
function nearest(written: string, known: readonly string[]): string | null {
  if (known.length === 0) return null;
  const name = closest(written, known);
  const length = Math.max(written.length, name.length);
  // Two letters that changed places count as two slips: `form` for `from`.
  const slips = length <= 3 ? 1 : Math.min(4, Math.max(2, Math.floor(length * 0.4)));
  return distance(written, name) <= Math.min(slips, length - 1) ? name : null;
}
