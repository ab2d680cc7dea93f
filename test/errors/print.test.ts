import { describe, expect, it } from 'vitest';
import { printProblems } from '../../src/errors/print.ts';

const remedy = 'Use one of the keys that are known.';

describe('printProblems', () => {
  it('says where, which, what, and what to do', () => {
    const text = printProblems([
      {
        code: 'config_unknown_key',
        message: 'The key `frm` is not known.',
        remedy,
        at: { file: 'causeway.yaml', line: 3, column: 5 },
        frame: '> 3 |     frm: id\n    |     ^',
      },
    ]);
    expect(text).toBe(
      [
        'causeway.yaml:3:5: config_unknown_key',
        '  The key `frm` is not known.',
        '  > 3 |     frm: id',
        '      |     ^',
        `  → ${remedy}`,
        '',
      ].join('\n'),
    );
  });

  it('says a remedy once for several problems in a row', () => {
    const one = { code: 'one', message: 'First.', remedy };
    const text = printProblems([one, { ...one, message: 'Second.' }, { ...one, remedy: 'Something else.' }]);
    expect(text.split('→')).toHaveLength(3);
    expect(text.indexOf('Second.')).toBeLessThan(text.indexOf(remedy));
  });

  it('is silent about nothing', () => {
    expect(printProblems([])).toBe('');
  });

  it('lets no message move the cursor or change the colours', () => {
    const text = printProblems([{ code: 'one', message: 'a\u001B[2Jb\u0007\u009Bc\rd\te', remedy }]);
    expect(text).toContain('a?[2Jb??c?d\te');
  });
});
