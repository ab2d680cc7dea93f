import { setTimeout as pauseFor } from 'node:timers/promises';
import { styleText } from 'node:util';
import { problem } from '../errors/catalogue.ts';
import { CausewayError } from '../errors/error.ts';
import { printProblems } from '../errors/print.ts';
import type { SourceText } from '../errors/source-text.ts';
import { didYouMean } from '../errors/suggestion.ts';
import { runLookupTestFiles } from '../mapping/lookup/lookup-test-files.ts';
import { onlyFlow, runTestFiles, type TestReport } from '../mapping/case/test-files.ts';
import type { MappingFolder } from '../sync/mapping-folder.ts';
import type { MappingTexts } from '../sync/mapping-texts.ts';
import { type Paint, renderReport } from './mapping-test-page.ts';
import { watch } from './mapping-watch.ts';
import { type ExitCode, type GlobalOptions, inDefinitions, print } from './session.ts';

type Options = GlobalOptions & { readonly watch?: true | undefined };

/**
 * `causeway mapping test [FLOW]`: runs the cases of the test files. It opens no database and asks no system. With
 * `--watch` it runs them again after every edit until it is told to stop, and then ends with 0.
 */
export function test(flow: string | undefined, options: Options): Promise<ExitCode> {
  const json = options.json === true;
  return inDefinitions(options, async ({ folder }, shutdown) => {
    if (options.watch !== true) return show(reportOn(folder, flow), json);
    await watch({
      look: async () => {
        await folder.refresh();
        return folder.texts();
      },
      pause: (signal) => pauseFor(lookEveryMs, undefined, { signal }),
      signal: shutdown.soft,
      changed: (now, before) => showAgain(folder, flow, before && changedPaths(now, before), json),
    });
    if (process.stdout.isTTY) process.stdout.write('\n');
    return 0;
  });
}

/** Milliseconds between two looks at the folder; an edit counts at the second look that finds it. */
const lookEveryMs = 200;

function reportOn(folder: MappingFolder, flow: string | undefined): TestReport {
  const { mappings: files, tests } = folder.texts();
  const tested = { files, tests, mappings: folder.current(), problems: folder.problems() };
  const report = runTestFiles(tested);
  const { lookups, lookupTests } = folder.texts();
  const ofLookups = runLookupTestFiles({
    files: lookups,
    lookups: folder.lookups(),
    problems: folder.problems(),
    tests: lookupTests,
  });
  if (flow === undefined)
    return {
      flows: [...report.flows, ...ofLookups.flows],
      problems: [...report.problems, ...ofLookups.problems],
    };
  const own = onlyFlow(report, flow, tested) ?? onlyLookup(ofLookups, flow, folder);
  if (own !== null) return own;
  const names = [...report.flows, ...ofLookups.flows].map((one) => one.flow);
  const hint = didYouMean(flow, names) || (names.length === 0 ? '.' : `. There are: ${names.join(', ')}.`);
  throw new CausewayError([problem('unknown_flow', `No flow is named ${flow}${hint}`)]);
}

/** The part of a report that speaks of one lookup, which is called `lookups/NAME`; null when there is none. */
function onlyLookup(report: TestReport, title: string, folder: MappingFolder): TestReport | null {
  const flows = report.flows.filter(({ flow }) => flow === title);
  const paths = new Set(flows.map(({ file }) => file));
  for (const { path } of folder.texts().lookups) if (path.endsWith(`${title}.yaml`)) paths.add(path);
  if (paths.size === 0) return null;
  const problems = [...report.problems, ...folder.problems()];
  return { flows, problems: problems.filter(({ at }) => at !== undefined && paths.has(at.file)) };
}

function show(report: TestReport, json: boolean): ExitCode {
  print(json, report, renderReport(report, paint));
  return report.problems.length > 0 || report.flows.some(({ failed }) => failed > 0) ? 1 : 0;
}

/** While it watches, a flow that is gone is told of, and may come back. */
function showAgain(
  folder: MappingFolder,
  flow: string | undefined,
  changed: readonly string[] | null,
  json: boolean,
): void {
  if (!json && process.stdout.isTTY) process.stdout.write(clearScreen);
  if (!json && changed !== null)
    process.stdout.write(`${paint('dim', `Changed: ${changed.join(', ')}`)}\n\n`);
  try {
    show(reportOn(folder, flow), json);
  } catch (error) {
    if (changed === null || !(error instanceof CausewayError)) throw error;
    const { problems } = error;
    print(json, { flows: [], problems }, printProblems(problems).trimEnd());
  }
  if (!json) process.stdout.write(`\n${paint('dim', 'Every edit runs them again. Ctrl-C ends.')}\n`);
}

/** Clears the screen alone, and not what can be scrolled back to. */
const clearScreen = '\u001B[2J\u001B[H';

const paint: Paint = (style, text) => (process.stdout.isTTY ? styleText(style, text) : text);

function changedPaths(now: MappingTexts, before: MappingTexts): string[] {
  const all = (texts: MappingTexts): SourceText[] => [
    ...texts.mappings,
    ...texts.tests,
    ...texts.lookups,
    ...texts.lookupTests,
    ...texts.valueFiles,
    ...(texts.described === null ? [] : [texts.described]),
  ];
  const textsBefore = new Map(all(before).map(({ path, text }) => [path, text]));
  const textsNow = new Map(all(now).map(({ path, text }) => [path, text]));
  const paths = new Set([...textsNow.keys(), ...textsBefore.keys()]);
  return [...paths].filter((path) => textsNow.get(path) !== textsBefore.get(path));
}
