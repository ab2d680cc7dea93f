import { describe, expect, it } from 'vitest';
import { resultOf } from './a-mapping.ts';

const address = (url: string): unknown => resultOf('{ from: url, as: url }', { url });

describe('a web address', () => {
  it.each([
    ['https://example.com', 'https://example.com'],
    [' HTTP://Example.com/A?b=c#d ', 'HTTP://Example.com/A?b=c#d'],
    ['http://intranet:8080/x', 'http://intranet:8080/x'],
    ['https://müller.example/straße', 'https://müller.example/straße'],
    ['www.example.com', 'https://www.example.com'],
    ['example.com/path?q=a@b', 'https://example.com/path?q=a@b'],
    ['example.com:8080', 'https://example.com:8080'],
  ])('stays as it was written, and gets https:// where it begins with its host: %j', (written, result) => {
    expect(address(written)).toBe(result);
  });

  it.each([
    ['ftp://example.com', 'begins with `ftp:`; only http:// and https:// are web addresses'],
    ['javascript:alert(1)', 'begins with `javascript:`; only http:// and https:// are web addresses'],
    ['mailto:ana@example.com', 'begins with `mailto:`; only http:// and https:// are web addresses'],
    ['https://example.com and more', 'is not one web address: it has a space or a `\\` in it'],
    ['https:\\\\example.com', 'is not one web address: it has a space or a `\\` in it'],
    ['https:example.com', 'is not a web address, such as https://www.example.com'],
    ['https:///example.com', 'is not a web address, such as https://www.example.com'],
    ['https://', 'is not a web address, such as https://www.example.com'],
    ['https://exa mple.com'.replace(' ', '%'), 'is not a web address, such as https://www.example.com'],
    ['ana@example.com', 'is not a web address, such as https://www.example.com'],
    ['localhost:8080', 'is not a web address, such as https://www.example.com'],
    ['n.a.', 'is not a web address, such as https://www.example.com'],
    ['none', 'is not a web address, such as https://www.example.com'],
    [' ', 'is not a web address, such as https://www.example.com'],
  ])('is refused when it is none: %j', (written, why) => {
    expect(address(written)).toEqual([
      `value_not_url x: \`url\` is ${JSON.stringify(written)}, which ${why}`,
    ]);
  });
});
