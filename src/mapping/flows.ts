import { declaredRules } from './check/declared-rules.ts';
import type { Declaration } from './declaration.ts';
import type { ReadFlow } from './read.ts';
import { didYouMean } from '../errors/suggestion.ts';
import type { YamlPath } from './yaml.ts';

type Sound = ReadFlow & { readonly declared: Declaration };

/** Reports what is wrong between mappings: names, references and targets. */
export function checkFlows(files: readonly ReadFlow[]): void {
  const sound = files.filter((file): file is Sound => file.declared !== null);
  checkNames(files);
  checkReferences(sound, files);
  checkCycles(sound);
  checkTargets(sound);
}

function checkNames(files: readonly ReadFlow[]): void {
  for (const file of files) {
    const twin = files.find((other) => other !== file && other.flow !== null && other.flow === file.flow);
    if (twin !== undefined)
      file.report('mapping_duplicate_flow', `\`${twin.path}\` has a flow \`${file.flow}\` as well`, ['flow']);
  }
}

function checkReferences(sound: readonly Sound[], files: readonly ReadFlow[]): void {
  const names = files.flatMap(({ flow }) => flow ?? []);
  for (const file of sound) {
    for (const { flow, byOwnId, path } of referencesIn(file.declared)) {
      if (!names.includes(flow)) {
        file.report('mapping_unknown_flow', `there is no flow \`${flow}\`${didYouMean(flow, names)}`, path);
        continue;
      }
      const target = sound.find((other) => other.flow === flow)?.declared;
      const { read, write } = file.declared;
      if (byOwnId) checkOwnId(file, flow, target, path);
      if (target !== undefined && (target.write.to !== write.to || target.read.from !== read.from)) {
        file.report(
          'mapping_wrong_connection',
          `the flow \`${flow}\` goes from \`${target.read.from}\` to \`${target.write.to}\`, and this one from \`${read.from}\` to \`${write.to}\`: its ids mean nothing here`,
          path,
        );
      }
    }
  }
}

/** The id of a record names the same record in another flow, and never a record of another kind, nor itself. */
function checkOwnId(file: Sound, flow: string, target: Declaration | undefined, path: YamlPath): void {
  const { read } = file.declared;
  if (flow === file.declared.flow)
    file.report(
      'mapping_flow_cycle',
      'every record would wait for itself: `id` is its own id; name the field that holds the id of the other record',
      path,
    );
  else if (target !== undefined && target.read.entity !== read.entity)
    file.report(
      'mapping_wrong_reference',
      `\`id\` is the id of a record of \`${read.entity}\`, and the flow \`${flow}\` carries \`${target.read.entity}\`; name the field that holds the id of such a record`,
      path,
    );
}

/** A record may refer to others of its own flow (a company to its parent company), so that is no circle. */
function checkCycles(sound: readonly Sound[]): void {
  for (const file of sound) {
    const { flow } = file.declared;
    for (const reference of referencesIn(file.declared)) {
      const way =
        reference.flow === flow || !reference.waits ? null : wayBack(reference.flow, flow, sound, new Set());
      if (way === null) continue;
      file.report(
        'mapping_flow_cycle',
        `records would wait for each other in a circle: ${[flow, ...way].join(' → ')}`,
        reference.path,
      );
      break;
    }
  }
}

/** The flows on the way from one flow to another along references that wait, or null when there is none. */
function wayBack(from: string, to: string, sound: readonly Sound[], seen: Set<string>): string[] | null {
  if (from === to) return [to];
  if (seen.has(from)) return null;
  seen.add(from);
  const file = sound.find(({ flow }) => flow === from);
  for (const { flow, waits } of file ? referencesIn(file.declared) : []) {
    const way = waits ? wayBack(flow, to, sound, seen) : null;
    if (way !== null) return [from, ...way];
  }
  return null;
}

/**
 * External keys are made of what is read, what is written and the name under `also`: flows that have all three in
 * common would take the records of one another for their own. So would flows that write the same field as their key.
 */
function checkTargets(sound: readonly Sound[]): void {
  const stamp = ({ part, declared: { read, write } }: Sound): string =>
    JSON.stringify([read.from, read.entity, write.to, write.entity, part]);
  const key = ({ declared: { write } }: Sound): string | null =>
    write.key === undefined ? null : JSON.stringify([write.to, write.entity, write.key]);
  for (const file of sound) {
    const others = sound.filter(({ flow }) => flow !== file.flow);
    const { read, write } = file.declared;
    const twin = others.find((other) => stamp(other) === stamp(file));
    const rival = twin ?? others.find((other) => key(other) !== null && key(other) === key(file));
    if (rival === undefined) continue;
    file.report(
      'mapping_same_target',
      twin === undefined
        ? `the flow \`${rival.flow}\` of \`${rival.path}\` writes \`${write.entity}\` under the key \`${write.key}\` as well`
        : `\`${rival.path}\` makes \`${write.entity}\` of \`${read.entity}\` as well`,
      ['write'],
      'key',
    );
  }
}

type FlowReference = {
  readonly flow: string;
  readonly waits: boolean;
  /** The rule names the referred record by the id of its own record. */
  readonly byOwnId: boolean;
  readonly path: YamlPath;
};

function referencesIn(declared: Declaration): FlowReference[] {
  return declaredRules(declared).flatMap(({ rule, at, lines }) =>
    rule.reference === undefined
      ? []
      : {
          flow: rule.reference,
          waits: rule.if_missing !== 'null',
          byOwnId: rule.from === (lines === null ? 'id' : '..id'),
          path: [...at, 'reference'],
        },
  );
}
