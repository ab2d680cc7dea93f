import { describe, expect, it } from 'vitest';
import { readMappings } from '../../src/mapping/read.ts';

type File = { path: string; text: string };

function file(
  flow: string,
  fields: string,
  more: { path?: string; read?: string; write?: string } = {},
): File {
  const {
    path = `${flow}.yaml`,
    read = `{ from: crm, entity: ${flow} }`,
    write = `{ to: erp, entity: of.${flow} }`,
  } = more;
  return {
    path,
    text: `flow: ${flow}\nread: ${read}\nwrite: ${write}\nfields:\n${fields
      .split('\n')
      .map((line) => `  ${line}`)
      .join('\n')}\n`,
  };
}

function read(...files: File[]): { flows: string[]; problems: string[] } {
  const { mappings, problems } = readMappings(files, []);
  return {
    flows: mappings.map(({ flow }) => flow),
    problems: problems.map(
      ({ at, code, message }) => `${at?.file}:${at?.line}:${at?.column} ${code} ${message}`,
    ),
  };
}

describe('mappings together', () => {
  it('may refer to each other, and a flow to itself', () => {
    expect(
      read(
        file('a', 'x: { reference: b, from: b }\nparent: { reference: a, from: parent }'),
        file('b', 'x: { from: id }'),
      ),
    ).toEqual({ flows: ['a', 'b'], problems: [] });
  });

  it('keep the good ones when one is bad', () => {
    const { flows, problems } = read(file('a', 'x: { form: id }'), file('b', 'x: { from: id }'));
    expect(flows).toEqual(['b']);
    expect(problems).toEqual(['a.yaml:5:8 mapping_unknown_key unknown key `form`; did you mean `from`?']);
  });

  it('know a flow by name even if its file is bad, so that nobody else is blamed', () => {
    expect(
      read(file('a', 'x: { form: id }'), file('b', 'x: { reference: a, from: a }')).problems,
    ).toHaveLength(1);
  });

  it('tell the problems of all files at once', () => {
    expect(read(file('a', 'x: { form: id }'), file('b', 'x: { reference: c, from: id }')).problems).toEqual([
      'a.yaml:5:8 mapping_unknown_key unknown key `form`; did you mean `from`?',
      'b.yaml:5:19 mapping_unknown_flow there is no flow `c`',
    ]);
  });

  it('find references inside lines', () => {
    const text = `${file('orders', 'x: { from: id }').text}lines:\n  l: { for_each: items, key: id, fields: { p: { reference: productz, from: p } } }\n`;
    expect(read({ path: 'orders.yaml', text }, file('products', 'x: { from: id }')).problems).toEqual([
      'orders.yaml:7:60 mapping_unknown_flow there is no flow `productz`; did you mean `products`?',
    ]);
  });

  it('cannot wait for each other in a circle', () => {
    const files = [
      file('a', 'x: { reference: b, from: b }'),
      file('b', 'x: { reference: c, from: c }'),
      file('c', 'x: { reference: a, from: a }'),
      file('d', 'x: { reference: a, from: a }'),
    ];
    expect(read(...files)).toEqual({
      flows: ['d'],
      problems: [
        'a.yaml:5:19 mapping_flow_cycle records would wait for each other in a circle: a → b → c → a',
        'b.yaml:5:19 mapping_flow_cycle records would wait for each other in a circle: b → c → a → b',
        'c.yaml:5:19 mapping_flow_cycle records would wait for each other in a circle: c → a → b → c',
      ],
    });
  });

  it('may go in a circle where one of them does not wait', () => {
    expect(
      read(
        file('a', 'x: { reference: b, from: b }'),
        file('b', "x: { reference: a, from: a, if_missing: 'null' }"),
      ).problems,
    ).toEqual([]);
  });

  it('cannot share a name: neither of the two is trusted', () => {
    const { flows, problems } = read(
      file('a', 'x: { from: id }'),
      file('a', 'y: { from: id }', { path: 'copy of a.yaml' }),
    );
    expect(flows).toEqual([]);
    expect(problems).toEqual([
      'a.yaml:1:7 mapping_duplicate_flow `copy of a.yaml` has a flow `a` as well',
      'copy of a.yaml:1:7 mapping_duplicate_flow `a.yaml` has a flow `a` as well',
    ]);
  });

  it('cannot write the same records from the same ones, under whatever key', () => {
    const shape = { read: '{ from: crm, entity: companies }', write: '{ to: erp, entity: res.partner }' };
    const keyed = { ...shape, write: '{ to: erp, entity: res.partner, key: x }' };
    for (const second of [shape, keyed]) {
      expect(
        read(file('a', 'x: { from: id }', shape), file('b', 'x: { from: id }', second)).problems,
      ).toEqual([
        'a.yaml:3:1 mapping_same_target `b.yaml` makes `res.partner` of `companies` as well',
        'b.yaml:3:1 mapping_same_target `a.yaml` makes `res.partner` of `companies` as well',
      ]);
    }
    const contacts = { ...shape, read: '{ from: crm, entity: contacts }' };
    const other = { ...shape, write: '{ to: erp, entity: res.users }' };
    for (const second of [contacts, other]) {
      expect(
        read(file('a', 'x: { from: id }', shape), file('b', 'x: { from: id }', second)).problems,
      ).toEqual([]);
    }
  });

  it('cannot write the same entity under the same key, whatever they read', () => {
    const write = '{ to: erp, entity: res.partner, key: x }';
    expect(
      read(file('a', 'x: { from: id }', { write }), file('b', 'x: { from: id }', { write })).problems,
    ).toEqual([
      'a.yaml:3:1 mapping_same_target the flow `b` of `b.yaml` writes `res.partner` under the key `x` as well',
      'b.yaml:3:1 mapping_same_target the flow `a` of `a.yaml` writes `res.partner` under the key `x` as well',
    ]);
    const elsewhere = '{ to: shop, entity: res.partner, key: x }';
    expect(
      read(file('a', 'x: { from: id }', { write }), file('b', 'x: { from: id }', { write: elsewhere }))
        .problems,
    ).toEqual([]);
  });

  it('cannot take ids from another ERP', () => {
    expect(
      read(
        file('a', 'x: { reference: b, from: b }'),
        file('b', 'x: { from: id }', { write: '{ to: shop, entity: b }' }),
      ).problems,
    ).toEqual([
      'a.yaml:5:19 mapping_wrong_connection the flow `b` goes from `crm` to `shop`, and this one from `crm` to `erp`: its ids mean nothing here',
    ]);
  });
});

describe('a value file', () => {
  const using = file('a', 'x: { from: c, map: m }');
  const mapping = {
    path: 'mappings/a.yaml',
    text: `${using.text}value_maps: { m: { file: values/v.csv } }\n`,
  };
  const problemsWith = (csv: string): string[] => {
    const { mappings, problems } = readMappings([mapping], [{ path: 'mappings/values/v.csv', text: csv }]);
    expect(mappings).toHaveLength(problems.length === 0 ? 1 : 0);
    return problems.map(({ at, code, message }) => `${at?.file}:${at?.line} ${code} ${message}`);
  };

  it.each([
    ['from,to\na,b\nc,d,note\n', []],
    [
      'from;to\na;b\n',
      [
        'mappings/values/v.csv:1 mapping_value_file_bad the columns are separated by semicolons; save the file with commas',
      ],
    ],
    [
      'a,b\n',
      ['mappings/values/v.csv:1 mapping_value_file_bad the first line must be `from,to`, or `from,to,note`'],
    ],
    [
      '',
      ['mappings/values/v.csv:1 mapping_value_file_bad the first line must be `from,to`, or `from,to,note`'],
    ],
    [
      'from,to\na,b\n\na,c\nd\n',
      [
        'mappings/values/v.csv:4 mapping_value_file_bad `a` stands in the file twice',
        'mappings/values/v.csv:5 mapping_value_file_bad a row has the cells from, to and perhaps note, and this one has 1',
      ],
    ],
    [
      'from,to\na,b\n"c,d\n',
      [
        'mappings/values/v.csv:3 mapping_value_file_bad a quoted cell is not closed, or something follows its closing quote',
      ],
    ],
  ])('is told what is wrong in it, once and at its line: %j', (csv, problems) => {
    expect(problemsWith(csv)).toEqual(problems);
  });

  it('of 5 MB works, and one that is wrong throughout is told a hundred times', () => {
    const rows = Array.from({ length: 200_000 }, (_, index) => `a long source value ${index},b\n`);
    expect(problemsWith(`from,to\n${rows.join('')}`)).toEqual([]);
    const problems = problemsWith(`from,to\n${rows.join('').replaceAll(',b', '')}`);
    expect(problems).toHaveLength(101);
    expect(problems.slice(99)).toEqual([
      'mappings/values/v.csv:101 mapping_value_file_bad a row has the cells from, to and perhaps note, and this one has 1',
      'mappings/values/v.csv:101 mapping_value_file_bad after 100 rows that are wrong, the others were not looked at',
    ]);
  });

  it('is blamed itself, and not the mapping that uses it', () => {
    expect(problemsWith('nothing')).toHaveLength(1);
  });
});
