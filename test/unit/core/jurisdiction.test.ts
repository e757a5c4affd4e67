import fc from 'fast-check';
import t from 'tap';
import {
  codeAlone,
  covers,
  districtOf,
  isJurisdictionCode,
  NATIONWIDE,
  significantDigits,
} from '../../../src/core/jurisdiction.ts';

t.test('a code with trailing zeros stands for everything below it', async (t) => {
  const table: [string, string][] = [
    ['000000', ''],
    ['330000', '33'],
    ['330200', '3302'],
    ['330212', '330212'],
    ['130300', '1303'],
    ['330210', '330210'],
    ['330212001', '330212001'],
    ['330212000', '330212'],
    ['330212001000', '330212001'],
    ['330212001003', '330212001003'],
    ['330200000', '3302'],
    ['110100', '1101'],
  ];
  for (const [code, digits] of table) t.equal(significantDigits(code), digits, code);
});

t.test('a city covers its districts and streets, never its neighbour or its province', async (t) => {
  t.ok(covers(codeAlone('330200'), '330212'));
  t.ok(covers(codeAlone('330200'), '330212001'));
  t.ok(covers(codeAlone('330212'), '330212'));
  t.ok(covers(codeAlone(NATIONWIDE), '220402'));
  t.notOk(covers(codeAlone('330200'), '330100'));
  t.notOk(covers(codeAlone('330200'), '330000'));
  t.notOk(covers(codeAlone('330212'), '330200'));
  t.notOk(covers(codeAlone('330212'), '330213'));
});

t.test('whoever covers a code covers all that it covers', async () => {
  const pair = fc.constantFrom('00', '01', '33');
  const code = fc.tuple(pair, pair, pair).map((pairs) => pairs.join(''));
  fc.assert(
    fc.property(
      code,
      code,
      code,
      (a, b, c) => !(covers(codeAlone(a), b) && covers(codeAlone(b), c)) || covers(codeAlone(a), c),
    ),
    { numRuns: 1_000 },
  );
});

t.test('a zone lies in what its area lies in, and nothing but itself lies in it', async (t) => {
  const zone = '330212z-gaoxin';
  for (const code of ['000000', '330000', '330200', '330212', zone]) t.ok(covers(codeAlone(code), zone), code);
  for (const code of ['330205', '330212001', '330212z-gao', '330212z-gaoxin-2', '3302z-gaoxin']) {
    t.notOk(covers(codeAlone(code), zone), code);
    t.notOk(covers(codeAlone(zone), code), code);
  }
  t.ok(isJurisdictionCode(zone));
  t.same(['3302z-a', '330212z-a', '330212001z-a', '330212001003z-a'].map(districtOf), [
    '330200',
    '330212',
    '330212',
    '330212',
  ]);
});

t.test('text that is no code is none', async (t) => {
  for (const text of ['', '33', '33021', '3302120', '33021x', '330212 ', '３３０２１２', '%']) {
    t.notOk(isJurisdictionCode(text), text);
  }
});
