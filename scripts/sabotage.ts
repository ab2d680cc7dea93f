/**
 * Shows that each promise has a test that fails when its mechanism is taken out. For each line of the table below it
 * copies the project's sources, takes the mechanism out of the copy, runs the tests named, and wants them to fail.
 * Prints one line for each, and ends with code 1 when a test passed that should have failed.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { filesNaming } from './sabotage/among.ts';
import { ofParts } from './sabotage/parts.ts';

export type Sabotage = {
  readonly what: string;
  readonly file: string;
  readonly take: string;
  readonly put: string;
  readonly test: string;
  /** Which tests the named one is among; those of integration where it does not say. */
  readonly among?: readonly string[];
};

const sabotages: readonly Sabotage[] = [
  ...ofParts,
  {
    what: 'P1: a cursor is set back under a reader that has a page in hand, and the page is committed over it',
    file: 'src/store/cursor.ts',
    take: 'set position = $3, revision = revision + 1',
    put: 'set position = $3, revision = revision',
    test: 'stays set back, though a reader',
  },
  {
    what: 'P1: the cursor is committed outside the transaction of its page',
    file: 'src/sync/detect.ts',
    take: 'const moved = await advanceCursor(tx, {',
    put: 'const moved = await advanceCursor(context.database, {',
    test: 'commits neither cursor nor mirror',
  },
  {
    what: 'P1: a record that changed while it was sent is not queued again',
    file: 'src/sync/settle.ts',
    take: 'const changed = (versions.get(standing.sourceId) ?? null) !== standing.version;',
    put: 'const changed = false;',
    test: 'sends a change that arrives while the record is being sent',
  },
  {
    what: 'P1: a page is committed over any revision of the cursor',
    file: 'src/store/cursor.ts',
    take: ' and revision = $3`',
    put: ' and revision >= 0 * $3`',
    test: 'refuses a page that was read from a cursor',
  },
  {
    what: 'P2: no intent is committed before a create',
    file: 'src/sync/deliver.ts',
    take: 'if (intents.length > 0) await commitIntents',
    put: 'if (intents.length < 0) await commitIntents',
    test: 'P2: nothing is created twice',
  },
  {
    what: 'P2: what is in doubt is not looked up',
    file: 'src/sync/look-up.ts',
    take: 'if (doubtful.length === 0) return',
    put: 'if (doubtful.length >= 0) return',
    test: 'P2: nothing is created twice',
  },
  {
    what: 'P2: a create that may still arrive is sent again',
    file: 'src/sync/careful.ts',
    take: 'intent.over || found.has(id) ? [] :',
    put: 'intent.over || id !== null ? [] :',
    test: 'wait for the index before they create again',
  },
  {
    what: 'P2: a batch that is split counts the time of its creates from before it was split',
    file: 'src/sync/careful.ts',
    take: 'if (creates.length > 0) await renewIntents',
    put: 'if (creates.length < 0) await renewIntents',
    test: 'counts the time of a create from when it is sent',
  },
  {
    what: 'P2: a call to an ERP without safe replay may take for ever',
    file: 'src/sync/careful.ts',
    take: 'AbortSignal.any([signal, overdue])',
    put: 'signal',
    test: 'is given up when a call takes too long',
  },
  {
    what: 'P2: a create that nobody remembers is not looked up',
    file: 'src/sync/careful.ts',
    take: 'const lookUp = open.filter((s) => s.targetId === null &&',
    put: 'const lookUp = open.filter((s) => s.intent !== null &&',
    test: 'so that an older backup makes nothing twice',
  },
  {
    what: 'P3: the lock of a process that lives is taken from it',
    file: 'src/store/key-lock.ts',
    take: 'where pg_try_advisory_xact_lock_shared(k.holder) returning',
    put: 'where true returning',
    test: 'never have two requests for it under way',
  },
  {
    what: 'P3: the mirror takes whatever comes last',
    file: 'src/store/mirror.ts',
    take: 'and ($9 or excluded.modified_at >= m.modified_at)',
    put: 'and ($9 or true)',
    test: 'leaves an older state aside',
  },
  {
    what: 'P3: what was sent under a lost lease is not sent again',
    file: 'src/sync/settle.ts',
    take: 'if (sent.length === 0) return;',
    put: 'if (sent.length >= 0) return;',
    test: 'mends an older state',
  },
  {
    what: 'P4: neighbours of a refused record are not sent again',
    file: 'src/sync/push.ts',
    take: 'if (notApplied.length < batch.length) return { settled, again: [notApplied], stop: null };',
    put: 'if (notApplied.length < batch.length) return { settled: new Map([...settled, ...failAll(notApplied, refusedAlone(), false)]), again: [], stop: null };',
    test: 'delivers the neighbours',
  },
  {
    what: 'P4: silence counts as success',
    file: 'src/sync/push.ts',
    take: "settled.set(item.id, { status: 'failed', fault: unanswered(item.id), whole: false });",
    put: "settled.set(item.id, { status: 'created', targetId: item.id });",
    test: 'treats an item that the sink did not answer',
  },
  {
    what: 'P5: a skip loses its reason',
    file: 'src/sync/conclude.ts',
    take: "state: 'skipped', code: decision.code, reason: decision.reason",
    put: "state: 'skipped', code: decision.code, reason: null",
    test: 'is skipped with the reason',
  },
  {
    what: 'P6: equal output is sent again',
    file: 'src/sync/decide.ts',
    take: 'if (standing.fingerprint?.equals(print))',
    put: 'if (false)',
    test: 'sends nothing when a change does not touch',
  },
  {
    what: 'P7: linking a parent wakes nobody',
    file: 'src/sync/settle.ts',
    take: 'if (linked.length === 0) return;',
    put: 'if (linked.length >= 0) return;',
    test: 'parks a child',
  },
  {
    what: 'P7: a parent that comes while its child is parked is not seen',
    file: 'src/sync/settle.ts',
    take: 'record.conclusion.parkFor.some((parent) => linked(parent) !== null)',
    put: 'record.conclusion.parkFor.some((parent) => linked(parent) === "nobody")',
    test: 'does not miss a parent',
  },
  {
    what: 'P9: the database of a dry command takes writes',
    file: 'src/store/database.ts',
    take: '-c default_transaction_read_only=on',
    put: '',
    test: 'has a database that refuses to be written to',
  },
  {
    what: 'P9: the connections of a dry command can write',
    file: 'src/sync/reading.ts',
    take: 'sink: sink && {',
    put: 'sink: sink && { ...sink,',
    test: 'has connections without any method that writes',
  },
  {
    what: 'a resync of what an edit changes sends everything',
    file: 'src/sync/resync-changed.ts',
    take: 'filter(({ changed }) => changed)',
    put: 'filter(() => true)',
    test: 'sends exactly the records of the plan',
  },
  {
    what: 'a worker that has not seen an edit settles what was queued because of it',
    file: 'src/sync/present-mapping.ts',
    take: "code === 'mapping_changed' && mappingHash === mapping.hash",
    put: 'code === mappingHash',
    test: 'is not lost on a worker that has not seen the edit yet',
  },
  {
    what: 'a delivery that began before an edit settles what the edit has queued',
    file: 'src/store/link.ts',
    take: 'update link l set requests = l.requests + 1,',
    put: 'update link l set requests = l.requests,',
    test: 'is not lost on a record that is being sent with the old mapping',
  },
  {
    what: 'a plan forgets what was delivered',
    file: 'src/sync/settle.ts',
    take: 'await keepPayloads(tx, mapping.flow, deliveredOutputs(ours));',
    put: ';',
    test: 'counts by ending and by field what an edit would change',
  },
  {
    what: 'a run keeps the mapping that it began with',
    file: 'src/sync/sync-flow.ts',
    take: "await presentMapping(context, present, 'when_due', signal)",
    put: 'mapping',
    test: 'is used by the next batch',
  },
  {
    what: 'alerts: two processes both tell of one cause',
    file: 'src/store/alert.ts',
    take: '       where a.resolved_at is not null\n',
    put: '',
    test: 'is raised by one alone of all that found none open',
  },
  {
    what: 'alerts: one ends as soon as its cause is not found',
    file: 'src/sync/alert-changes.ts',
    take: 'goodForMs = 60_000',
    put: 'goodForMs = 0',
    test: 'is told once when its cause comes and goes within a minute',
  },
  {
    what: 'alerts: a notice of a process that was killed is forgotten',
    file: 'src/store/alert-notice.ts',
    take: 'next_at = $1::timestamptz + make_interval(secs => $2) where',
    put: "next_at = 'infinity', delivered_at = $1::timestamptz + make_interval(secs => $2) where",
    test: 'keeps a notice whose sender was killed',
  },
  {
    what: 'P8: what nearly everything meets goes to the dead letters',
    file: 'src/sync/same-fault.ts',
    take: 'if (alike < fewest) return false;',
    put: 'if (alike >= 0) return false;',
    test: 'pauses the flow before it fills the dead letters',
  },
  {
    what: 'P8: every worker probes a system that was down',
    file: 'src/store/connection-state.ts',
    take: '(probe_by is null or probe_by = $2 or probe_until < now())',
    put: 'true',
    test: 'gets one probe for each hold',
  },
  {
    what: 'each process keeps to the limits of a connection by itself',
    file: 'src/sync/request-turns.ts',
    take: 'if (turn.waitMs === 0) return begin(turn.id);',
    put: 'if (turn.waitMs >= 0) return begin(turn.id);',
    test: 'lets no more requests be in flight than the connection allows',
  },
  {
    what: 'too many removals are not asked about',
    file: 'src/sync/ceiling.ts',
    take: 'if (!exceeds(ceiling, due, linked)) return null;',
    put: 'return null;',
    test: 'carries out none of too many',
  },
  {
    what: 'removals are carried out before all that is due is counted',
    file: 'src/sync/ceiling.ts',
    take: 'if (due === null || !read) return noted;',
    put: '',
    test: 'counts what several workers hold between them',
  },
  {
    what: 'an approval is good for whatever is due by then',
    file: 'src/store/due.ts',
    take: 'where run_id = $1 and source_id = any($2::text[]) and answer is null returning',
    put: 'where ($1::bigint is null or true) and ($2::text[] is null or true) and answer is null returning',
    test: 'counts a later accident of the same size again',
  },
  {
    what: 'records that Causeway did not create are removed',
    file: 'src/sync/decide.ts',
    take: 'if (linked !== null && !ours) {',
    put: 'if (linked === null && !ours) {',
    test: 'is never removed: it is skipped with the reason',
  },
  {
    what: 'a survivor does not wait for the create of the record that was merged into it',
    file: 'src/sync/merges.ts',
    take: 'if (creates.length === 0) return batch;',
    put: 'if (creates.length >= 0) return batch;',
    test: 'that comes while the',
  },
  {
    what: 'an absent record is not asked for by its id',
    file: 'src/sync/full-scan.ts',
    take: 'gone.push(...page.filter(({ sourceId }) => missing.has(sourceId)));',
    put: 'gone.push(...page.filter(() => missing.size >= 0));',
    test: 'does not take a record for deleted that is found by its id',
  },
  {
    what: 'a letter stays when a change of its record has superseded it',
    file: 'src/sync/put-aside.ts',
    take: "standing.state === 'dead' || standing.mergedInto !== null",
    put: 'false',
    test: 'is superseded by a new change',
  },
  {
    what: 'a record that was asked for while it was being sent is put aside',
    file: 'src/sync/put-aside.ts',
    take: '&& !askedFor.has(standing.sourceId)',
    put: '',
    test: 'is not written for a record that was asked for',
  },
  {
    what: 'letters that pg-boss wrote itself stay in their queue',
    file: 'src/sync/sync-flow.ts',
    take: 'await mendLetters(context, mapping);',
    put: '',
    test: 'when a job lost its lease so often',
  },
  {
    what: 'a redrive takes a letter that is not the one that was listed',
    file: 'src/sync/dead-letters.ts',
    take: 'listed.get(sourceId) === id &&',
    put: '',
    test: 'touches exactly what was listed',
  },
  {
    what: 'a redrive takes a record that has changed since',
    file: 'src/sync/dead-letters.ts',
    take: 'BigInt(version) >= BigInt(versions.get(sourceId) ?? version)',
    put: 'true',
    test: 'leaves a record out that a change waits for',
  },
  {
    what: 'a payload is kept where only hashes may be',
    file: 'src/sync/settle.ts',
    take: 'if (context.keepsPayloads(mapping.flow)) await',
    put: 'await',
    test: 'nothing of what was sent is stored',
  },
  {
    what: 'the purge takes the newest delivery of a record',
    file: 'src/store/purge.ts',
    take: "h.event not in ('created', 'updated')",
    put: 'true',
    test: 'keeps the newest delivery',
  },
  {
    what: 'the purge takes the history of what is not settled',
    file: 'src/store/purge.ts',
    take: "coalesce(l.state, 'removed') in ('synced', 'skipped', 'removed')",
    put: 'true',
    test: 'keeps the history of a record that is dead',
  },
];

const root = fileURLToPath(new URL('..', import.meta.url));
const copy = mkdtempSync(join(tmpdir(), 'causeway-sabotage-'));
let survived = 0;
try {
  for (const part of [
    'src',
    'connectors',
    'test',
    'mappings',
    'package.json',
    'tsconfig.json',
    'vitest.config.ts',
  ]) {
    cpSync(join(root, part), join(copy, part), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  for (const { what, file, take, put, test, among = filesNaming(test, copy) } of sabotages) {
    const path = join(copy, file);
    const before = readFileSync(path, 'utf8');
    // The formatter may have broken the line; white space does not count.
    const pattern = new RegExp(
      take
        .trim()
        .split(/\s+/)
        .map((word) => RegExp.escape(word))
        .join('\\s+'),
    );
    if (!pattern.test(before)) throw new Error(`${file} no longer holds: ${take}`);
    writeFileSync(
      path,
      before.replace(pattern, () => put),
    );
    // The sweep is the backstop of P1 and P7: it would mend the sabotage at the next run.
    const run = spawnSync('npx', ['vitest', 'run', ...among, '-t', test, '--testTimeout', '20000'], {
      cwd: copy,
      encoding: 'utf8',
    });
    const caught = run.status !== 0 && /Tests\s+\d+ failed/.test(stripVTControlCharacters(run.stdout));
    survived += caught ? 0 : 1;
    console.log(`${caught ? 'caught  ' : 'SURVIVED'}  ${what}`);
    writeFileSync(path, before);
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
console.log(`${sabotages.length - survived} caught, ${survived} survived`);
process.exitCode = survived === 0 ? 0 : 1;
