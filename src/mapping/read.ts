import { problem } from '../errors/catalogue.ts';
import type { Problem } from '../errors/error.ts';
import { compileMapping, type CompiledMapping } from './compile.ts';
import type { Declaration } from './declaration.ts';
import { declare } from './declare.ts';
import { checkFlows } from './flows.ts';
import { checkParts, flowsOf, placeInFile, reportOf } from './part.ts';
import type { Report } from './report.ts';
import type { SourceText } from '../errors/source-text.ts';
import { readValueFile, type ValueFile } from './value-map.ts';
import { checkNullConstants } from './check/null-constants.ts';
import { checkValueMapsUsed } from './check/value-maps-used.ts';
import { readYaml, textOf, type Yaml } from './yaml.ts';

/** A flow of a mapping file on its way: what it declares, what it was compiled to, and what is wrong with its file so far. */
export type ReadFlow = {
  readonly path: string;
  /** Its name under `also`; null for the flow of the file itself. */
  readonly part: string | null;
  readonly yaml: Yaml;
  /** The flow's name, even if the rest of the file is not sound. */
  readonly flow: string | null;
  readonly declared: Declaration | null;
  /** What it reads and writes, even if the rest of the file is not sound. */
  readonly ends: Pick<Declaration, 'read' | 'write'>;
  readonly mapping: CompiledMapping | null;
  readonly report: Report;
};

type ReadFile = { readonly flows: readonly ReadFlow[]; readonly problems: Problem[] };

/**
 * Reads mapping files and the value files that they use. Every problem of every file is told at once, each with its
 * place. A file yields a mapping for each of its flows; one with a problem yields none, and the others do all the same.
 */
export function readMappings(
  files: readonly SourceText[],
  valueFiles: readonly SourceText[],
): {
  readonly mappings: readonly CompiledMapping[];
  readonly problems: readonly Problem[];
  /** The flows of files with a problem, as far as they can be understood: enough to look for more problems. */
  readonly unsound: readonly UnsoundMapping[];
} {
  const values = valueFiles.map(readValueFile);
  const read = files.map((file) => readFile(file, values));
  checkFlows(read.flatMap(({ flows }) => flows));
  const sound = read.filter(({ problems }) => problems.length === 0);
  return {
    mappings: sound.flatMap(({ flows }) => flows.flatMap(({ mapping }) => mapping ?? [])),
    problems: [
      ...values.flatMap(({ problems }) => problems),
      ...read.flatMap(({ problems }) => inOrder(problems)),
    ],
    unsound: read
      .filter(({ problems }) => problems.length > 0)
      .flatMap(({ flows }) => flows.map((flow) => unsoundMapping(flow, files, values))),
  };
}

function readFile(file: SourceText, values: readonly ValueFile[]): ReadFile {
  const yaml = readYaml(file, textOf);
  const { declared, problems: shape } = declare(yaml);
  const problems = [...shape];
  const told = new Set<string>();
  const report: Report = (code, message, path, on = 'value', within = 0) => {
    // What several flows of a file share is found wrong once for each of them.
    const what = JSON.stringify([code, message, path, on, within]);
    if (told.has(what)) return;
    told.add(what);
    problems.push(problem(code, message, yaml.place(path, on, within)));
  };
  if (declared !== null) checkParts(declared, report);
  if (declared !== null && shape.length === 0) checkValueMapsUsed(flowsOf(declared), report);
  const compiled = (declared === null ? [] : flowsOf(declared)).map((flow) => {
    const reportFlow = reportOf(flow.part, report);
    checkNullConstants(flow.declared, (path) => yaml.isPlain(placeInFile(flow.part, path)), reportFlow);
    return { ...flow, report: reportFlow, mapping: compileMapping(flow, file, values, reportFlow) };
  });
  const flows = compiled.map(({ part, declared: own, mapping, report: reportFlow }) => ({
    path: file.path,
    part,
    yaml,
    flow: own.flow || null,
    ends: own,
    declared: problems.length === 0 ? own : null,
    mapping,
    report: reportFlow,
  }));
  return { flows, problems };
}

/** What can be told of a flow whose file has a problem. */
export type UnsoundMapping = Pick<
  CompiledMapping,
  'flow' | 'file' | 'text' | 'part' | 'read' | 'write' | 'valueFiles'
>;

function unsoundMapping(
  { path, part, flow, ends: { read, write } }: ReadFlow,
  files: readonly SourceText[],
  valueFiles: readonly ValueFile[],
): UnsoundMapping {
  return {
    flow: flow ?? '',
    file: path,
    text: files.find((file) => file.path === path)?.text ?? '',
    part,
    read: { ...read, with: read.with ?? [] },
    write: { ...write, key: write.key ?? null },
    valueFiles: valueFiles.map(({ path: name, text }) => ({ path: name, text })),
  };
}

/** Problems of one file in the order of their places. */
export function inOrder(problems: readonly Problem[]): Problem[] {
  return problems.toSorted(
    (a, b) => (a.at?.line ?? 0) - (b.at?.line ?? 0) || (a.at?.column ?? 0) - (b.at?.column ?? 0),
  );
}
