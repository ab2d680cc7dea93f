import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { catalogue } from '../../src/errors/catalogue.ts';
import { httpCodes } from '../../src/errors/http-codes.ts';
import type { ErrorEntry } from '../../src/errors/entry.ts';
import { errorsPage } from '../../src/errors/page.ts';

describe('the page of errors', () => {
  it('is up to date: run `node scripts/generate-docs.ts` when this fails', () => {
    const file = new URL('../../docs/errors.md', import.meta.url);
    expect(readFileSync(file, 'utf8')).toBe(errorsPage());
  });

  it('has one section for each code, and no other', () => {
    const sections = [...errorsPage().matchAll(/^## `(.*)`$/gmu)].map(([, code]) => code);
    expect(sections).toEqual([...Object.keys(catalogue).sort(), ...Object.keys(httpCodes).sort()]);
  });
});

describe('the catalogue', () => {
  it.each(
    Object.entries<Pick<ErrorEntry, 'title' | 'remedy'>>({
      ...catalogue,
      ...httpCodes,
    }),
  )('says of %s what happened and what to do', (code, entry) => {
    expect(code).toMatch(/^[a-z][a-z0-9]*(?:_[a-z0-9]+)*$/u);
    expect(entry.title).toMatch(/^[A-Z`][^]*\.$/u);
    expect(entry.remedy).toMatch(/^[A-Z`][^]*\.$/u);
  });
});
