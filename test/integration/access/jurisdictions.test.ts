import t from 'tap';
import { Jurisdictions } from '../../../src/access/tree/jurisdictions.ts';
import { codeAlone, covers } from '../../../src/core/jurisdiction.ts';
import { callerIn, openDatabase } from '../../support/devices/registry.ts';

const tree = new Jurisdictions();

t.before(async () => {
  const database = await openDatabase(t);
  await tree.seed(database);
  await tree.seed(database);
});

t.test('the tree holds the four cities, whole, with their abolished codes', async (t) => {
  const cities = { 130300: 7, 220400: 4, 330200: 10, 510700: 9 };
  for (const [city, districts] of Object.entries(cities)) {
    const below = tree.list(callerIn(city)).filter(({ code, validTo }) => code !== city && validTo === null);
    t.equal(below.length, districts, tree.get(city)!.name.en);
    for (const { code, parent } of below) t.equal(parent, city, code);
  }
  for (const { code, parent, successor } of tree.list(callerIn('000000'))) {
    if (parent !== null) t.ok(tree.exists(parent) && covers(codeAlone(parent), code), code);
    if (successor !== null) t.equal(tree.get(successor)?.validTo, null, `${code} leads to a code in force`);
  }
  const moved = { 130323: '130306', 510724: '510705', 330204: '330212', 330283: '330213' };
  for (const [old, now] of Object.entries(moved))
    t.match(tree.get(old), { successor: now, validTo: /^20\d\d-\d\d-\d\d$/ });
});

t.test('everybody sees the tree from their own place down', async (t) => {
  const codes = tree.list(callerIn('330200')).map(({ code }) => code);
  t.ok(codes.every((code) => code.startsWith('3302')));
  t.strictSame(
    tree.list(callerIn('330212')).map(({ code }) => code),
    ['330212'],
  );
  t.notOk(tree.exists('constructor'));
});
