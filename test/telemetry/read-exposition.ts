/** A strict reader of the text format, version 0.0.4: whatever it does not know, it refuses. */

export type ReadSample = {
  readonly name: string;
  readonly labels: Record<string, string>;
  readonly value: number;
};
export type ReadFamily = { readonly help: string; readonly type: string; readonly samples: ReadSample[] };

const metricName = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const sampleLine = new RegExp(`^(?<name>${metricName})(?:\\{(?<labels>.*)\\})? (?<value>\\S+)$`, 'su');
const labelPair = /^(?<name>[a-zA-Z_][a-zA-Z0-9_]*)="(?<text>(?:[^"\\\n]|\\["\\n])*)"(?<comma>,|$)/su;

/** Reads a page; throws at the first thing that is not as the format has it. */
export function readExposition(page: string): Map<string, ReadFamily> {
  if (!page.endsWith('\n')) throw new Error('the last line has no end');
  const families = new Map<string, ReadFamily>();
  let current = '';
  let help: string | null = null;
  for (const line of page.slice(0, -1).split('\n')) {
    const comment = new RegExp(`^# (?<kind>HELP|TYPE) (?<name>${metricName}) (?<text>.+)$`, 'su').exec(line);
    if (comment?.groups !== undefined) {
      const { kind, name = '', text = '' } = comment.groups;
      if (kind === 'HELP') {
        if (families.has(name)) throw new Error(`${name} comes twice`);
        current = name;
        help = unescaped(text, /\\(?<char>[\\n])/gu);
      } else {
        if (name !== current || help === null) throw new Error(`TYPE without HELP: ${line}`);
        if (!['gauge', 'counter', 'histogram'].includes(text)) throw new Error(`unknown type: ${line}`);
        if ((text === 'counter') !== name.endsWith('_total'))
          throw new Error(`bad name of a ${text}: ${name}`);
        families.set(name, { help, type: text, samples: [] });
        help = null;
      }
      continue;
    }
    const sample = sampleLine.exec(line)?.groups;
    const name = sample?.['name'] ?? '';
    const parts = families.get(current)?.type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
    if (sample === undefined || !parts.some((part) => name === `${current}${part}`))
      throw new Error(`no sample of ${current}: ${line}`);
    const read = {
      name,
      labels: readLabels(sample['labels'] ?? ''),
      value: readValue(sample['value'] ?? ''),
    };
    const family = families.get(current);
    if (family === undefined) throw new Error(`a sample before its TYPE: ${line}`);
    const key = JSON.stringify([name, read.labels]);
    if (family.samples.some((one) => JSON.stringify([one.name, one.labels]) === key))
      throw new Error(`the same labels twice: ${line}`);
    family.samples.push(read);
  }
  return families;
}

function readLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  let rest = text;
  while (rest !== '') {
    const pair = labelPair.exec(rest);
    const { name = '', text: value = '' } = pair?.groups ?? {};
    if (pair === null || Object.hasOwn(labels, name)) throw new Error(`bad labels: ${text}`);
    labels[name] = unescaped(value, /\\(?<char>["\\n])/gu);
    rest = rest.slice(pair[0].length);
    if (pair.groups?.['comma'] === ',' && rest === '') throw new Error(`bad labels: ${text}`);
  }
  return labels;
}

function readValue(text: string): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY;
  if (text === '-Inf') return Number.NEGATIVE_INFINITY;
  if (text === 'NaN') return Number.NaN;
  if (!/^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/u.test(text)) throw new Error(`no number: ${text}`);
  return Number(text);
}

const unescaped = (text: string, escapes: RegExp): string =>
  text.replaceAll(escapes, (_whole, char: string) => (char === 'n' ? '\n' : char));
