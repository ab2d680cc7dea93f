import type { Place } from '../errors/source-text.ts';
import type { Declaration } from './declaration.ts';
import { declare } from './declare.ts';
import type { Mapping } from './mapping.ts';
import type { Report } from './report.ts';
import { readYaml, textOf, type YamlPath } from './yaml.ts';

/** A flow as a file declares it: the one of the file itself (`part` is null), or one under its `also`. */
export type DeclaredFlow = {
  readonly part: string | null;
  /** A part declared as if it had a file of its own. */
  readonly declared: Declaration;
};

/** What a part takes from its file. */
const shared: ReadonlySet<string | number> = new Set([
  'flow',
  'read',
  'schedule',
  'schedule_timezone',
  'freshness',
  'value_maps',
]);

/** The flows of a file: that of the file, and one for each record under `also`, named `<flow>.<name>`. */
export function flowsOf(declared: Declaration): DeclaredFlow[] {
  const { also = {}, ...main } = declared;
  const common = Object.fromEntries(Object.entries(main).filter(([key]) => shared.has(key)));
  return [
    { part: null, declared: main },
    ...Object.entries(also).map(([part, own]) => ({
      part,
      declared: {
        ...(common as Pick<Declaration, 'read'>),
        ...own,
        flow: main.flow === '' ? '' : `${main.flow}.${part}`,
        write: { ...own.write, to: main.write.to },
      },
    })),
  ];
}

/** Reports what is wrong between the flows of one file. */
export function checkParts({ also, write }: Declaration, report: Report): void {
  if (also !== undefined && Object.keys(also).length === 0)
    report('mapping_missing_key', '`also` has no records', ['also'], 'key');
  for (const [part, own] of Object.entries(also ?? {})) {
    if (own.write.to === undefined || write.to === '' || own.write.to === write.to) continue;
    report(
      'mapping_wrong_connection',
      `\`${own.write.to}\` is not the connection that the file writes to; that is \`${write.to}\``,
      ['also', part, 'write', 'to'],
    );
  }
}

/** Where a place in the declaration of a flow stands in its file. */
export function placeInFile(part: string | null, path: YamlPath): YamlPath {
  return part === null || shared.has(path[0] ?? '') ? path : ['also', part, ...path];
}

/**
 * Takes down what is wrong with a flow at its place in the file; what it shares with the file is told of the file. The
 * value maps are told of all: a rule of a part may use a row that no other rule does.
 */
export function reportOf(part: string | null, report: Report): Report {
  return (code, message, path, ...where) => {
    if (part === null || path[0] === 'value_maps' || !shared.has(path[0] ?? ''))
      report(code, message, placeInFile(part, path), ...where);
  };
}

/** What a mapping declares, read again from its text, and where in the file each of its keys and values stands. */
export function declaredOf(mapping: Pick<Mapping, 'file' | 'text' | 'part'>): {
  readonly declared: Declaration;
  /** What every flow of its file declares. */
  readonly all: readonly Declaration[];
  readonly place: (path: YamlPath, on: 'key' | 'value', within?: number) => Place;
} | null {
  const yaml = readYaml({ path: mapping.file, text: mapping.text }, textOf);
  const { declared } = declare(yaml);
  const flows = declared === null ? [] : flowsOf(declared);
  const flow = flows.find(({ part }) => part === mapping.part);
  if (flow === undefined) return null;
  return {
    declared: flow.declared,
    all: flows.map((each) => each.declared),
    place: (path, on, within) => yaml.place(placeInFile(mapping.part, path), on, within),
  };
}
