import { describe, expect, it } from 'vitest';
import { plainBaseUrl, plainPath } from '../../src/connector/path.ts';

describe('plainPath', () => {
  it.each(['/', '/crm/v3/objects/0-1', '/a/b%2Fc/', '/json/2/res.partner/web_save', "/o('x',1)", '/a/...'])(
    'takes %s',
    (path) => {
      expect(plainPath(path)).toBe(path);
    },
  );

  it.each([
    '',
    'a/b',
    'https://elsewhere.example/',
    '//elsewhere.example/',
    '/a//b',
    '/a/../b',
    '/a/..',
    '/a/./b',
    '/a/%2e%2E/b',
    '/a/.%2e/b',
    '/a\\b',
    '/a?key=canary',
    '/a#b',
    '/a b',
    '/a\nb',
    '/a%zz',
    '/é',
  ])('refuses %j', (path) => {
    expect(() => plainPath(path)).toThrow(expect.objectContaining({ kind: 'bug', code: 'path_refused' }));
  });

  it('does not repeat the refused path, which may hold a query', () => {
    expect(() => plainPath('/a?key=canary')).not.toThrow(/canary/u);
  });
});

describe('plainBaseUrl', () => {
  it('takes an address with a path', () => {
    expect(plainBaseUrl('https://erp.example.com/base/').href).toBe('https://erp.example.com/base');
  });

  it.each([
    'erp.example.com',
    'ftp://erp.example.com',
    'https://u:canary@erp.example.com',
    'https://e.example/?k=canary',
  ])('refuses %s without repeating it', (text) => {
    expect(() => plainBaseUrl(text)).toThrow(
      expect.objectContaining({ kind: 'config', code: 'base_url_refused' }),
    );
    expect(() => plainBaseUrl(text)).not.toThrow(/canary/u);
  });
});
