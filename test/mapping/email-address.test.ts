import { describe, expect, it } from 'vitest';
import { resultOf } from './a-mapping.ts';

const address = (email: string): unknown => resultOf('{ from: email, as: email }', { email });

describe('an email address', () => {
  it.each([
    ['ana@example.com', 'ana@example.com'],
    [' Ana@Example.COM\n', 'Ana@example.com'],
    ["o'brien+erp@sub.example.co.uk", "o'brien+erp@sub.example.co.uk"],
    ['jörg@müller.example', 'jörg@müller.example'],
    ['ana@MÜLLER.example', 'ana@müller.example'],
    ['a@x1.io', 'a@x1.io'],
  ])('keeps its name, and its domain becomes small: %j', (written, result) => {
    expect(address(written)).toBe(result);
  });

  it.each([
    ['', undefined],
    ['ana', 'is not an email address, such as ana@example.com'],
    ['ana@localhost', 'is not an email address, such as ana@example.com'],
    ['ana@example.c', 'is not an email address, such as ana@example.com'],
    ['ana@10.0.0.1', 'is not an email address, such as ana@example.com'],
    ['ana maria@example.com', 'is not an email address, such as ana@example.com'],
    ['ana@-example.com', 'is not an email address, such as ana@example.com'],
    ['ana..b@example.com', 'is not an email address, such as ana@example.com'],
    ['.ana@example.com', 'is not an email address, such as ana@example.com'],
    ['@example.com', 'is not an email address, such as ana@example.com'],
    ['ana@example.com.', 'is not an email address, such as ana@example.com'],
    ['mailto:ana@example.com', 'is not an email address, such as ana@example.com'],
    [`${'a'.repeat(65)}@example.com`, 'is not an email address, such as ana@example.com'],
    [' ', 'is not an email address, such as ana@example.com'],
    ['a@example.com, b@example.com', 'is not an email address; a field holds one address'],
    ['a@b@example.com', 'is not an email address; a field holds one address'],
    ['Ana <ana@example.com>', 'is not an email address; write the address alone, without a name'],
  ])('is refused when it is none: %j', (written, why) => {
    expect(address(written)).toEqual(
      why && [`value_not_email x: \`email\` is ${JSON.stringify(written)}, which ${why}`],
    );
  });
});
