import t from 'tap';
import { sql } from '../../../../src/platform/database/database.ts';
import { callerIn, kiosk, type OpenRegistry, openRegistry } from '../../../support/devices/registry.ts';

const YINZHOU = callerIn('330212');

const NAMES = [
  'constructor',
  '__proto__',
  'toString',
  "Robert'); drop table position; --",
  '" or ""="',
  '50%',
  'a_b',
  '\\',
  '$1',
  '{{name}}',
  '<script>alert(1)</script>',
  '=HYPERLINK("http://x")',
  '回收机 №7 😀',
];

let parts: OpenRegistry;

t.before(async () => {
  parts = await openRegistry(t);
});

t.test('any name a person can type is kept as it is and found by its parts', async (t) => {
  const { registry } = parts;
  for (const [index, name] of NAMES.entries()) {
    const { device } = await registry.create(YINZHOU, kiosk({ id: `n-${index}`, name }));
    t.equal(device.name, name);
  }
  for (const [index, text] of NAMES.entries()) {
    const { items } = await parts.search.list(YINZHOU, { limit: 100, text });
    const isWord = /[\p{L}\p{N}]/u.test(text);
    t.equal(items.map(({ id }) => id).includes(`n-${index}`), isWord, text);
    t.ok(items.length <= (text === '$1' ? 6 : 1), text);
  }
  for (const text of ['%', '_', '\\', "'", '&|!:*()']) {
    const { items } = await parts.search.list(YINZHOU, { limit: 100, text });
    t.strictSame(items, [], `"${text}" is no word, and no wildcard`);
  }
});

t.test('filters and cursors are values, never SQL', async (t) => {
  const { registry, database } = parts;
  for (const text of ["' or '9'='9", "x'; drop table unit; --", "%' escape '!"]) {
    t.strictSame((await parts.search.list(YINZHOU, { limit: 100, text })).items, []);
    t.strictSame((await parts.search.list(YINZHOU, { limit: 100, kind: text })).items, []);
    t.strictSame((await parts.search.list(YINZHOU, { limit: 100, jurisdiction: text })).items, []);
    await t.rejects(registry.get(YINZHOU, text), { code: 'not-found' });
  }
  const { rows } = await sql<{ n: number }>`select count(*) as n from unit`.execute(database.tables());
  t.equal(rows[0]!.n, NAMES.length);
});

t.test('ids that are names of object properties are ordinary ids', async (t) => {
  const { registry, directory } = parts;
  for (const id of ['constructor', 'hasOwnProperty', 'toString', 'valueOf']) {
    t.equal(directory.get(id), undefined);
    await t.rejects(registry.get(YINZHOU, id), { code: 'not-found' });
    const { secret } = await registry.create(YINZHOU, kiosk({ id }));
    t.match(directory.authenticate(id, secret), { id });
  }
  await t.rejects(registry.create(YINZHOU, kiosk({ id: '__proto__' })), { code: 'request.invalid' });
  const polluted = JSON.parse('{"__proto__":{"polluted":true}}') as object;
  await t.rejects(registry.create(YINZHOU, { ...kiosk(), ...JSON.parse('{"constructor":1}') }), {
    message: /constructor: unknown/,
  });
  await registry.create(YINZHOU, Object.assign(kiosk(), polluted)).catch(() => null);
  t.equal(({} as { polluted?: boolean }).polluted, undefined);
});

t.test('pages follow each other without gaps or repeats', async (t) => {
  const seen: string[] = [];
  for (let after: string | undefined; ; ) {
    const page = await parts.search.list(YINZHOU, { limit: 4, after });
    seen.push(...page.items.map(({ id }) => id));
    if (page.next === null) break;
    after = page.next;
  }
  t.equal(seen.length, NAMES.length + 4);
  t.equal(new Set(seen).size, seen.length);
  t.equal((await parts.search.list(YINZHOU, { limit: 100_000 })).items.length, seen.length);
});
