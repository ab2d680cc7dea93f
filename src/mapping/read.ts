import { problem } from '../errors/catalogue.ts';
import type { Problem } from '../errors/error.ts';
import { compileMapping, type CompiledMapping } from './compile.ts';
import type { Declaration } from './declaration.ts';
import { declare } from './declare.ts';
import { checkFlows } from './flows.ts';
import type { Report } from './report.ts';
import type { SourceText } from '../errors/source-text.ts';
import { readValueFile, type ValueFile } from './value-map.ts';
import { readYaml, textOf, type Yaml } from './yaml.ts';

/** A mapping file on its way: what it declares, what it was compiled to, and what is wrong with it so far. */
export type ReadFile = {
  readonly path: string;
  readonly yaml: Yaml;
  /** The flow's name, even if the rest of the file is not sound. */
  readonly flow: string | null;
  readonly declared: Declaration | null;
  readonly mapping: CompiledMapping | null;
  readonly problems: Problem[];
  readonly report: Report;
};

/**
 * Reads mapping files and the value files that they use. Every problem of every file is told at once, each with its
 * place. A file with a problem yields no mapping; the others do all the same.
 */
export function readMappings(
  files: readonly SourceText[],
  valueFiles: readonly SourceText[],
): { readonly mappings: readonly CompiledMapping[]; readonly problems: readonly Problem[] } {
  const values = valueFiles.map(readValueFile);
  const read = files.map((file) => readFile(file, values));
  checkFlows(read);
  const sound = read.filter(({ problems }) => problems.length === 0);
  return {
    mappings: sound.flatMap(({ mapping }) => mapping ?? []),
    problems: [
      ...values.flatMap(({ problems }) => problems),
      ...read.flatMap(({ problems }) => inOrder(problems)),
    ],
  };
}

function readFile(file: SourceText, values: readonly ValueFile[]): ReadFile {
  const yaml = readYaml(file, textOf);
  const { declared, problems: shape } = declare(yaml);
  const problems = [...shape];
  const report: Report = (code, message, path, on = 'value', within = 0) => {
    problems.push(problem(code, message, yaml.place(path, on, within)));
  };
  const mapping = declared && compileMapping(declared, file, values, report);
  const flow = declared?.flow || null;
  return {
    path: file.path,
    yaml,
    flow,
    declared: problems.length === 0 ? declared : null,
    mapping,
    problems,
    report,
  };
}

function inOrder(problems: readonly Problem[]): Problem[] {
  return problems.toSorted(
    (a, b) => (a.at?.line ?? 0) - (b.at?.line ?? 0) || (a.at?.column ?? 0) - (b.at?.column ?? 0),
  );
}
