import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { parseKindFile } from '../../../../src/devices/kinds/kind-extends.ts';
import { toDeviceKind } from '../../../../src/devices/kinds/kind-spec.ts';
import { Kinds } from '../../../../src/devices/kinds/kinds.ts';

const HEAD =
  'kind: probe\nversion: 1\ntitle: { en: Probe, zh: 探头 }\nstream: false\nperiod_s: 60\nstale_after_s: 300\n';

const issuesOf = (text: string) => {
  const result = parseKindFile('probe.yaml', text);
  return 'issues' in result ? result.issues.map(({ path, message }) => `${path} ${message}`) : [];
};

t.test('what is wrong is told with file, line, key and what would be right', async (t) => {
  const cases: [string, RegExp][] = [
    [
      `${HEAD}fields:\n  a:\n    type: number\n    unit: m\n    min: 5\n    max: 1\n`,
      /^probe.yaml:12 fields.a.max: must not be below min/,
    ],
    [`${HEAD}fields:\n  a: { type: number, unit: m, min: 0, max: .inf }\n`, /^probe.yaml:8 fields.a.max: .*number/],
    [`${HEAD}fields:\n  a: { type: number, unit: m, min: .nan, max: 1 }\n`, /^probe.yaml:8 fields.a.min: .*number/],
    [`${HEAD}fields:\n  a: { type: number, min: 0, max: 1 }\n`, /^probe.yaml:8 fields.a.unit/],
    [`${HEAD}fields:\n  a: { type: integer, unit: m, min: 0.5, max: 1 }\n`, /^probe.yaml:8 fields.a.min: .*int/],
    [`${HEAD}fields:\n  a: { type: text }\n`, /^probe.yaml:8 fields.a.max_length/],
    [`${HEAD}fields:\n  a: { type: enum, values: [x, x] }\n`, /fields.a.values: the same value/],
    [
      `${HEAD}fields:\n  a: { type: list, max_items: 1, max_length: 1 }\n`,
      /fields.a: a list is only possible in an event/,
    ],
    [`${HEAD}fields:\n  a: { type: whatever }\n`, /^probe.yaml:8 fields.a.type: .*'number' \| 'integer'/],
    [`${HEAD}fields:\n  a: { type: boolean, unit: m }\n`, /^probe.yaml:8 fields.a.unit: unknown key/],
    [`${HEAD}fields:\n  event_id: { type: boolean }\n`, /fields.event_id: is a reserved name/],
    [`${HEAD}fields:\n  recv_ms: { type: boolean }\n`, /fields.recv_ms: is a reserved name/],
    [`${HEAD}fields:\n  clk: { type: boolean }\n`, /fields.clk: is a reserved name/],
    [`${HEAD}fields:\n  online: { type: integer, unit: null, min: 0, max: 1 }\n`, /fields.online: must be boolean/],
    [`${HEAD}fields:\n  firmware: { type: boolean }\n`, /fields.firmware: must be text/],
    [`${HEAD}fields:\n  "#x": { type: boolean }\n`, /is not a name like fill_pct/],
    [`${HEAD}fields:\n  "a\\x01b": { type: boolean }\n`, /is not a name like fill_pct/],
    [`${HEAD}fields:\n  Bad-Name: { type: boolean }\n`, /^probe.yaml:8 fields.Bad-Name/],
    [`${HEAD}fields:\n  __proto__: { type: boolean }\n`, /^probe.yaml:8 __proto__ is not a name/],
    [`${HEAD}fields: {}\nevents:\n  e: { required: [x] }\n`, /^probe.yaml:9 events.e.required.0: "x" is not one/],
    [`${HEAD}fields: {}\ncolour: red\n`, /^probe.yaml:8 colour: unknown key/],
    [
      `${HEAD.replace('stale_after_s: 300', 'stale_after_s: 30')}fields: {}\n`,
      /^probe.yaml:6 stale_after_s: must not be below period_s/,
    ],
    [`${HEAD.replace('stream: false', 'stream: no')}fields: {}\n`, /^probe.yaml:4 stream: .*boolean/],
    [`${HEAD.replace('version: 1', 'version: 1.5')}fields: {}\n`, /^probe.yaml:2 version/],
    [`${HEAD}fields: {}\nkind: again\n`, /^probe.yaml:8 Map keys must be unique/],
    [`${HEAD}fields: [\n`, /^probe.yaml:\d+ Flow sequence/],
    ['', /^probe.yaml:1 file: /],
    ['x'.repeat(300_000), /^probe.yaml is larger/],
  ];
  for (const [text, expected] of cases) t.match(issuesOf(text).join('\n'), expected);
});

t.test('fields, events and commands may say what people call them, in both languages', async (t) => {
  const title = '{ en: Free slots, zh: 空闲格 }';
  const field = `{ type: integer, unit: null, min: 0, max: 9, title: ${title} }`;
  const others = `events:\n  jam: { title: ${title} }\ncommands:\n  open: { title: ${title} }\n`;
  const text = `${HEAD}fields:\n  slots: ${field}\n${others}`;
  const parsed = parseKindFile('probe.yaml', text);
  if ('issues' in parsed) return t.fail(JSON.stringify(parsed.issues));
  const kind = toDeviceKind(parsed.kind);
  const called = { title: { en: 'Free slots', zh: '空闲格' } };
  t.match(kind.fields.get('slots'), { type: 'integer', ...called });
  t.match([kind.events.get('jam'), kind.commands.get('open')], [called, called]);
  t.match(issuesOf(`${HEAD}fields:\n  a: { type: boolean, title: { en: A } }\n`), [/^probe.yaml:8 fields.a.title.zh/]);
});

t.test('a file may share parts by anchors, but not blow up by them', async (t) => {
  const shared = 'fields:\n  a: &n { type: number, unit: m, min: 0, max: 1 }\n  b: *n\n';
  t.strictSame(issuesOf(HEAD + shared), []);
  const level = (name: string, of: string) => `${name}: &${name} [${Array(20).fill(`*${of}`).join(', ')}]\n`;
  const bomb = `z: &z [x]\n${level('a', 'z')}${level('b', 'a')}${level('c', 'b')}${level('d', 'c')}`;
  t.not(issuesOf(HEAD + bomb).length, 0);
});

t.test('everything wrong in a directory is told at once', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'cw-'));
  t.teardown(() => rm(directory, { recursive: true }));
  await t.rejects(Kinds.load(directory), { code: 'config.invalid', message: /holds no kind/ });
  await t.rejects(Kinds.load(join(directory, 'absent')), { code: 'config.invalid' });
  await writeFile(join(directory, 'one.yaml'), `${HEAD}fields: {}\n`);
  await writeFile(join(directory, 'two.yaml'), 'a: [');
  await t.rejects(Kinds.load(directory), { message: /two.yaml:1/ });
  await t.rejects(Kinds.load(directory), { message: /must be named probe.yaml/ });
  await writeFile(join(directory, 'probe.yaml'), `${HEAD}fields: {}\n`);
  await Promise.all([rm(join(directory, 'one.yaml')), rm(join(directory, 'two.yaml'))]);
  t.equal((await Kinds.load(directory)).latest('probe')?.periodS, 60);
});
