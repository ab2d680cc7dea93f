/**
 * The contract of a source, as tests that are the same for every connector. A connector's test file opens a bench (a
 * connection to a stand-in that it can control) and calls {@link sourceContract}; its own test files hold the rest.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { Capabilities, Change, Cursor, Page, Source } from '../../src/connector/contract.ts';
import { Fault } from '../../src/connector/fault.ts';
import type { FaultKind } from '../../src/connector/fault.ts';
import type { WebhookRequest } from '../../src/connector/webhook.ts';
import { webhookCases } from './webhooks.ts';

/** A source with its vendor beside it: both live by one clock, which only the test moves. */
export type SourceBench = {
  readonly source: Source;
  readonly capabilities: NonNullable<Capabilities['source']>;
  /** A webhook about these records as the vendor would send it now; null where the vendor sends none. */
  readonly webhook: ((ids: readonly string[]) => WebhookRequest) | null;
  readonly entity: string;
  readonly with: readonly string[];
  readonly clock: { now(): Date; advance(ms: number): void };
  /** How much later than its stamp a record may come into sight and still be found, in milliseconds. */
  readonly graceMs: number;
  /** Creates records as a user would, all with one stamp where the vendor can; gives their ids. */
  create(count: number): Promise<readonly string[]>;
  edit(id: string): Promise<void>;
  /** Creates a record that bears the stamp of now and comes into sight after so many milliseconds. */
  createLate(ms: number): Promise<string>;
  /** Deletes a record as a user would; null where the connector sees no deletes. */
  readonly remove: ((id: string) => Promise<void>) | null;
  /** An id in the vendor's form that no record has. */
  readonly unknownId: string;
  /** From now on, the vendor answers every request with this; the connector's test says what it looks like. */
  answerWith(answer: unknown): Promise<void>;
  /** Requests that the vendor has taken so far. */
  requests(): Promise<number>;
  /** Another connection to the same vendor, as after a restart. */
  reconnect(): Source;
  /** Everything that was logged. */
  logged(): string;
  readonly secrets: readonly string[];
  close(): Promise<void>;
};

/** An error as the vendor sends it, and the fault that it must become. */
export type RecordedError = { readonly name: string; readonly kind: FaultKind; readonly answer: unknown };

const never = new AbortController().signal;
const mostPages = 500;
const hourMs = 3_600_000;

/** One page; the cursor goes through JSON, as it does on its way to Postgres and back. */
async function readPage(bench: SourceBench, cursor: Cursor | null, source = bench.source): Promise<Page> {
  const page = await source.changesSince(
    { entity: bench.entity, with: bench.with, cursor, now: bench.clock.now() },
    never,
  );
  return { ...page, cursor: JSON.parse(JSON.stringify(page.cursor)) };
}

/** All pages until the source has caught up. */
export async function catchUp(
  bench: SourceBench,
  cursor: Cursor | null,
  source = bench.source,
): Promise<Page[]> {
  const pages: Page[] = [];
  for (let next = cursor; pages.length < mostPages;) {
    const page = await readPage(bench, next, source);
    pages.push(page);
    if (page.caughtUp) return pages;
    next = page.cursor;
  }
  throw new Error(`The source has not caught up after ${mostPages} pages.`);
}

export function changesOf(pages: readonly Page[]): Change[] {
  return pages.flatMap((page) => page.changes);
}

export function idsOf(pages: readonly Page[], kind: Change['kind'] = 'upsert'): Set<string> {
  return new Set(changesOf(pages).flatMap((change) => (change.kind === kind ? [change.id] : [])));
}

function last(pages: readonly Page[]): Page {
  return pages.at(-1)!;
}

function numbersIn(value: unknown, path: string): string[] {
  if (typeof value === 'number' || typeof value === 'bigint' || value === undefined) return [path];
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, inner]) => numbersIn(inner, `${path}.${key}`));
}

async function thrownBy(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => null,
    (error: unknown) => error,
  );
}

export function sourceContract(
  title: string,
  subject: { readonly open: () => Promise<SourceBench>; readonly errors: readonly RecordedError[] },
): void {
  const benches: SourceBench[] = [];
  const open = async (): Promise<SourceBench> => {
    const bench = await subject.open();
    benches.push(bench);
    return bench;
  };

  afterEach(async () => {
    await Promise.all(benches.splice(0).map((bench) => bench.close()));
  });

  describe(`${title}: the contract of a source`, () => {
    it('names the tenant, and the same one each time', async () => {
      const bench = await open();
      const first = await bench.source.check(never);
      expect(first.identity).not.toBe('');
      expect(await bench.reconnect().check(never)).toEqual(first);
    });

    it('describes every field that its records hold', async () => {
      const bench = await open();
      const [id = ''] = await bench.create(1);
      const description = await bench.source.describe(bench.entity, never);
      const [found] = await bench.source.readByIds(
        { entity: bench.entity, with: bench.with, ids: [id] },
        never,
      );
      if (found?.status !== 'found') throw new Error('the record that was just created is not found');
      expect(Object.keys(description.fields)).toEqual(expect.arrayContaining(Object.keys(found.record)));
    });

    it('gives records without a single JavaScript number, in stamps that end in Z', async () => {
      const bench = await open();
      await bench.create(2);
      bench.clock.advance(hourMs);
      const changes = changesOf(await catchUp(bench, null));
      expect(changes.length).toBeGreaterThan(0);
      expect(changes.flatMap((change) => numbersIn(change, change.id))).toEqual([]);
      for (const change of changes) expect(new Date(change.modifiedAt).toISOString()).toBe(change.modifiedAt);
    });

    it('reads again from an instant on, deletes included, where it makes a cursor of one', async () => {
      const bench = await open();
      if (bench.source.cursorFrom === undefined) return;
      const [early = ''] = await bench.create(1);
      bench.clock.advance(hourMs);
      const instant = bench.clock.now();
      bench.clock.advance(hourMs);
      const [late = '', gone = ''] = await bench.create(2);
      bench.clock.advance(hourMs);
      const cursor = last(await catchUp(bench, null)).cursor;
      await bench.remove?.(gone);
      bench.clock.advance(hourMs);
      await catchUp(bench, cursor);
      const since = await catchUp(bench, bench.source.cursorFrom(instant));
      expect([idsOf(since).has(late), idsOf(since).has(early)]).toEqual([true, false]);
      const all = await catchUp(bench, bench.source.cursorFrom(null));
      expect(idsOf(all)).toEqual(idsOf(all).union(new Set([early, late])));
      const deleted = new Set(bench.remove === null ? [] : [gone]);
      expect([idsOf(since, 'delete'), idsOf(all, 'delete')]).toEqual([deleted, deleted]);
    });

    it('resumes from the cursor of any page, in another process', async () => {
      const bench = await open();
      const ids = await bench.create(450);
      bench.clock.advance(hourMs);
      const pages = await catchUp(bench, null);
      expect(pages.length).toBeGreaterThan(2);
      for (const [index, page] of pages.entries()) {
        if (page.caughtUp) continue;
        const rest = await catchUp(bench, page.cursor, bench.reconnect());
        const seen = idsOf([...pages.slice(0, index + 1), ...rest]);
        expect(ids.filter((id) => !seen.has(id))).toEqual([]);
      }
    });

    it('loses nothing when records of one stamp lie on both sides of a page edge', async () => {
      const bench = await open();
      const ids = await bench.create(401);
      bench.clock.advance(hourMs);
      const pages = await catchUp(bench, null);
      expect(pages.filter((page) => page.changes.length > 0).length).toBeGreaterThan(1);
      expect(idsOf(pages)).toEqual(new Set(ids));
    });

    it('finds an edit made between two pages, on either side of the page edge', async () => {
      const bench = await open();
      const ids = await bench.create(401);
      bench.clock.advance(hourMs);
      const first = await readPage(bench, null);
      const [read, unread] = [ids[0]!, ids.at(-1)!];
      await bench.edit(read);
      await bench.edit(unread);
      const rest = await catchUp(bench, first.cursor);
      bench.clock.advance(hourMs);
      const next = await catchUp(bench, last(rest).cursor);
      expect(idsOf(next).has(read)).toBe(true);
      expect(idsOf([...rest, ...next]).has(unread)).toBe(true);
    });

    it('finds a record that was committed late, with an older stamp', async () => {
      const bench = await open();
      await bench.create(1);
      bench.clock.advance(hourMs);
      const before = await catchUp(bench, null);
      const late = await bench.createLate(bench.graceMs / 2);
      const tooEarly = await catchUp(bench, last(before).cursor);
      expect(idsOf(tooEarly).has(late)).toBe(false);
      bench.clock.advance(bench.graceMs / 2 + 1000);
      const after = await catchUp(bench, last(tooEarly).cursor);
      expect(idsOf(after).has(late)).toBe(true);
    });

    it('never moves its watermark beyond now, nor back', async () => {
      const bench = await open();
      await bench.create(3);
      let cursor: Cursor | null = null;
      let watermark = '';
      for (let round = 0; round < 4; round += 1) {
        for (const page of await catchUp(bench, cursor)) {
          cursor = page.cursor;
          if (page.watermark === null) continue;
          expect(Date.parse(page.watermark)).toBeLessThanOrEqual(bench.clock.now().getTime());
          expect(page.watermark >= watermark).toBe(true);
          watermark = page.watermark;
        }
        bench.clock.advance(5000);
      }
      expect(watermark).not.toBe('');
    });

    it('says that it has caught up when nothing changed', async () => {
      const bench = await open();
      await bench.create(5);
      bench.clock.advance(hourMs);
      const first = await catchUp(bench, null);
      bench.clock.advance(hourMs);
      const second = await catchUp(bench, last(first).cursor);
      expect(changesOf(second)).toEqual([]);
    });

    it('reports a delete exactly when it says that it can', async () => {
      const bench = await open();
      const [id = '', other = ''] = await bench.create(2);
      if (bench.remove === null) return;
      bench.clock.advance(hourMs);
      const before = await catchUp(bench, null);
      await bench.remove(id);
      bench.clock.advance(hourMs);
      const after = await catchUp(bench, last(before).cursor);
      expect(idsOf(after, 'delete').has(id)).toBe(true);
      expect(idsOf(after, 'delete').has(other)).toBe(false);
    });

    it('answers every id once, in the order asked, and says which are missing', async () => {
      const bench = await open();
      const ids = await bench.create(250);
      const asked = [...ids.toReversed(), bench.unknownId, ids[0]!];
      const found = await bench.source.readByIds({ entity: bench.entity, with: [], ids: asked }, never);
      expect(found.map(({ id }) => id)).toEqual(asked);
      expect(found.filter(({ status }) => status === 'missing').map(({ id }) => id)).toEqual([
        bench.unknownId,
      ]);
    });

    it('makes the same record whether it reads by id or by change', async () => {
      const bench = await open();
      const ids = await bench.create(3);
      bench.clock.advance(hourMs);
      const byId = await bench.source.readByIds({ entity: bench.entity, with: bench.with, ids }, never);
      const byChange = new Map(changesOf(await catchUp(bench, null)).map((change) => [change.id, change]));
      for (const found of byId) {
        const change = byChange.get(found.id);
        if (found.status !== 'found' || change?.kind !== 'upsert')
          throw new Error(`${found.id} is not there twice`);
        expect(change.record).toEqual(found.record);
      }
    });

    it('stops when it is aborted, and sends nothing more', async () => {
      const bench = await open();
      await bench.create(450);
      bench.clock.advance(hourMs);
      const stop = new AbortController();
      const reason = new Error('the caller gave up');
      const reading = bench.source.changesSince(
        { entity: bench.entity, with: bench.with, cursor: null, now: bench.clock.now() },
        stop.signal,
      );
      stop.abort(reason);
      expect(await thrownBy(reading)).toBe(reason);
      const sent = await bench.requests();
      for (let turns = 0; turns < 20; turns += 1) await turn();
      expect(await bench.requests()).toBe(sent);
    });

    it('refuses a cursor that it did not make, instead of starting over', async () => {
      const bench = await open();
      const error = await thrownBy(readPage(bench, { not: 'its own' }));
      expect(error).toBeInstanceOf(Fault);
      expect((error as Fault).kind).toBe('config');
    });

    it.each(subject.errors.map((error) => [error.name, error] as const))(
      'takes %s for what it is',
      async (_name, { kind, answer }) => {
        const bench = await open();
        await bench.answerWith(answer);
        const error = await thrownBy(readPage(bench, null));
        expect(error).toBeInstanceOf(Fault);
        expect((error as Fault).kind).toBe(kind);
        expect((error as Fault).message).toMatch(/^\w.*\w/s);
        expect((error as Fault).message).not.toMatch(/undefined|null|\[object/);
      },
    );

    webhookCases(open);

    it('logs no secret, and puts none into an error', async () => {
      const bench = await open();
      await bench.create(3);
      bench.clock.advance(hourMs);
      await catchUp(bench, null);
      const errors: unknown[] = [];
      for (const { answer } of subject.errors) {
        await bench.answerWith(answer);
        errors.push(await thrownBy(readPage(bench, null)), await thrownBy(bench.source.check(never)));
      }
      const said = `${bench.logged()}\n${errors.map((error) => told(error)).join('\n')}`;
      for (const secret of bench.secrets) expect(said).not.toContain(secret);
    });
  });
}

/** Everything an error holds, its causes included. */
function told(error: unknown): string {
  if (!(error instanceof Error)) return JSON.stringify(error) ?? '';
  return `${error.stack}\n${JSON.stringify(error)}\n${told(error.cause ?? null)}`;
}
