/** Metrics as Prometheus reads them: the text format, version 0.0.4. */

/** `suffix` tells the parts of a histogram apart: `_bucket`, `_sum` and `_count`. */
export type Sample = {
  readonly labels?: { readonly [name: string]: string };
  readonly value: number;
  readonly suffix?: '_bucket' | '_sum' | '_count';
};

/** One metric with its samples. Counters end in `_total`. */
export type Family = {
  readonly name: string;
  readonly help: string;
  readonly type: 'gauge' | 'counter' | 'histogram';
  readonly samples: readonly Sample[];
};

export const expositionType = 'text/plain; version=0.0.4; charset=utf-8';

/** Writes families one after the other. A family without samples is left out: it would say nothing. */
export function exposition(families: readonly Family[]): string {
  return families
    .filter(({ samples }) => samples.length > 0)
    .map(
      ({ name, help, type, samples }) =>
        `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${type}\n${samples.map((sample) => line(`${name}${sample.suffix ?? ''}`, sample)).join('')}`,
    )
    .join('');
}

function line(name: string, { labels = {}, value }: Sample): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${numeral(value)}\n`;
}

const escaped = (text: string): string =>
  text.toWellFormed().replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

const numeral = (value: number): string =>
  value === Number.POSITIVE_INFINITY ? '+Inf' : value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
