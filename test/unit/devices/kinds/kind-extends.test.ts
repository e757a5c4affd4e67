import fc from 'fast-check';
import t from 'tap';
import { parseKindFile } from '../../../../src/devices/kinds/kind-extends.ts';
import { type KindSource, parseSource } from '../../../../src/devices/kinds/kind-file.ts';

const HEAD =
  'kind: probe\nversion: 1\ntitle: { en: Probe, zh: 探头 }\nstream: false\nperiod_s: 60\nstale_after_s: 300\n';
const NUMBER = '{ type: number, unit: m, min: 0, max: 1 }';

function sources(files: Record<string, string>): Map<string, KindSource> {
  const all = new Map<string, KindSource>();
  for (const [stem, text] of Object.entries(files)) {
    const source = parseSource(`${stem}.yaml`, text);
    if ('issues' in source) throw new Error(JSON.stringify(source.issues));
    all.set(stem, source);
  }
  return all;
}

function parse(text: string, files: Record<string, string> = {}) {
  return parseKindFile('probe.yaml', HEAD + text, sources(files));
}

function issuesOf(text: string, files: Record<string, string> = {}): string {
  const result = parse(text, files);
  return 'issues' in result ? result.issues.map(({ path, message }) => `${path} ${message}`).join('\n') : '';
}

t.test('a kind takes over fields and events, through several files, and replaces what it says itself', async (t) => {
  const files = {
    _power: `fields:\n  mains: { type: boolean }\n  a: ${NUMBER}\nevents:\n  lost: {}\n`,
    _health: `extends: _power\nfields:\n  firmware: { type: text, max_length: 8 }\n`,
  };
  const result = parse('extends: _health\nfields:\n  a: { type: boolean }\nevents:\n  own: {}\n', files);
  t.ok('kind' in result);
  if (!('kind' in result)) return;
  t.strictSame(Object.keys(result.kind.fields), ['mains', 'a', 'firmware']);
  t.match(result.kind.fields.a, { type: 'boolean' });
  t.strictSame(Object.keys(result.kind.events), ['lost', 'own']);
  t.notOk('extends' in result.kind);
});

t.test('the same base by two ways is no contradiction, two different ones are', async (t) => {
  const files = {
    _base: `fields:\n  a: ${NUMBER}\n`,
    _left: 'extends: _base\n',
    _right: 'extends: _base\n',
    _other: 'fields:\n  a: { type: boolean }\n',
  };
  t.equal(issuesOf('extends: [_left, _right]\nfields: {}\n', files), '');
  t.match(issuesOf('extends: [_left, _other]\nfields: {}\n', files), /^probe.yaml:7 extends: _other .* have a, and/);
  t.equal(issuesOf(`extends: [_left, _other]\nfields:\n  a: ${NUMBER}\n`, files), '', 'unless the kind decides');
});

t.test('a circle, a missing file and what is wrong with both together are told with file and line', async (t) => {
  const circle = { _a: 'extends: _b\n', _b: '\n\nextends: _a\n' };
  t.match(issuesOf('extends: _a\nfields: {}\n', circle), /^_b.yaml:3 extends: goes in a circle: probe → _a → _b → _a/);
  t.match(issuesOf('extends: probe\nfields: {}\n'), /circle: probe → probe/);
  t.match(issuesOf('extends: _absent\nfields: {}\n'), /^probe.yaml:7 extends: there is no _absent.yaml/);
  t.match(issuesOf('extends: ../x\nfields: {}\n'), /^probe.yaml:7 extends/);
  const tags = { _tag: 'fields:\n  ch: { type: integer, unit: null, min: 0, max: 9, tag: true }\n' };
  const second = '  lane: { type: integer, unit: null, min: 0, max: 9, tag: true }\n';
  t.match(issuesOf(`extends: _tag\nfields:\n${second}`, tags), /^probe.yaml:9 fields.lane.tag: only one field may be/);
});

t.test('commands are taken over, replaced and refused like fields', async (t) => {
  const files = {
    _remote: 'commands:\n  reboot: { role: technician }\n  test: {}\n',
    _other: 'commands:\n  test: { role: admin }\n',
  };
  const result = parse('extends: _remote\nfields: {}\ncommands:\n  test: { timeout_s: 5 }\n  go: {}\n', files);
  t.ok('kind' in result);
  if (!('kind' in result)) return;
  t.strictSame(result.kind.commands, { reboot: { role: 'technician' }, test: { timeout_s: 5 }, go: {} });
  const none = parse('fields: {}\n');
  t.notOk('kind' in none && 'commands' in none.kind, 'a kind without any has the content it had before there were any');
  t.match(issuesOf('extends: [_remote, _other]\nfields: {}\n', files), /both have test, and differ/);
  const command = (spec: string, name = 'go') => issuesOf(`fields: {}\ncommands:\n  ${name}: ${spec}\n`);
  t.equal(command(`{ args: { a: ${NUMBER} }, required: [a], timeout_s: 5, expires_s: 5, role: admin }`), '');
  const cases: [string, RegExp, string?][] = [
    ['{ role: viewer }', /^probe.yaml:9 commands.go.role/],
    ['{ timeout_s: 0 }', /commands.go.timeout_s/],
    ['{ timeout_s: 60, expires_s: 59 }', /commands.go.expires_s: must not be below timeout_s/],
    ['{ required: [a] }', /commands.go.required.0: "a" is not one of the args/],
    ['{ args: { a: { type: boolean, path: x } } }', /commands.go.args.a.path: has no place in an argument/],
    ['{ args: { a: { type: text, max_length: 9, sensitive: plate } } }', /args.a.sensitive: has no place/],
    ['{ args: { heart_rate: { type: boolean } } }', /args.heart_rate: .*must not enter/],
    ['{ args: { mac: { type: text, max_length: 17 } } }', /args.mac: needs content: mac/],
    ['{ sends: 1 }', /commands.go.sends: unknown key/],
    ['{}', /commands.Go: is not a name/, 'Go'],
  ];
  for (const [spec, expected, name] of cases) t.match(command(spec, name), expected, spec);
});

t.test('any web of bases ends, and a kind has all that can be reached', async () => {
  const names = ['_a', '_b', '_c', '_d', '_e'];
  const edges = fc.array(fc.tuple(fc.nat(4), fc.nat(4)), { maxLength: 10 });
  const property = fc.property(edges, (all) => {
    const files: Record<string, string> = {};
    const next = (from: number) => [...new Set(all.filter(([one]) => one === from).map(([, to]) => to))];
    for (const [index, name] of names.entries()) {
      const above = next(index).map((to) => names[to]);
      const list = above.length > 0 ? `extends: [${above.join(', ')}]\n` : '';
      files[name] = `${list}fields:\n  f${index}: ${NUMBER}\n`;
    }
    const reached = new Set<number>();
    const onPath: number[] = [];
    let circle = false;
    const visit = (index: number) => {
      if (onPath.includes(index)) circle = true;
      if (circle) return;
      reached.add(index);
      onPath.push(index);
      for (const to of next(index)) visit(to);
      onPath.pop();
    };
    visit(0);
    const result = parse('extends: _a\nfields: {}\n', files);
    if (circle) return 'issues' in result && /circle/.test(result.issues[0]?.message ?? '');
    return 'kind' in result && Object.keys(result.kind.fields).length === reached.size;
  });
  fc.assert(property, { numRuns: 300 });
});

t.test('fields that cannot be are refused when the file is read', async (t) => {
  const field = (spec: string, name = 'a') => issuesOf(`fields:\n  ${name}: ${spec}\n`);
  const cases: [string, RegExp, string?][] = [
    ['{ type: number, unit: m, min: 0, max: 99.95, precision: 1 }', /fields.a.max: has more than 1 digits/],
    ['{ type: number, unit: m, min: 0, max: 1, scale: 0 }', /fields.a.scale: must not be 0/],
    ['{ type: number, unit: m, min: 0, max: 1, path: d..t }', /fields.a.path: has an empty key/],
    ['{ type: number, unit: m, min: 0, max: 1, path: d.heartRate }', /fields.a.path: names what must not enter/],
    ['{ type: number, unit: m, min: 0, max: 1, path: ts }', /fields.a.path: ts is taken by payload.ts/],
    ['{ type: enum, values: [x], map: { 1: y } }', /fields.a.map: "y" is no value/],
    ['{ type: boolean, map: { 1: yes_ } }', /fields.a.map.1/],
    ['{ type: integer, unit: m, min: 0, max: 9, map: { a: 10 } }', /fields.a.map: 10 is no value/],
    ['{ type: integer, unit: m, min: 0, max: 9, map: { a: 1 }, scale: 2 }', /excludes scale/],
    ['{ type: integer, unit: m, min: 0, max: 64, tag: true }', /fields.a.tag: a tag may have at most 64 values/],
    ['{ type: enum, values: ["a b"], tag: true }', /values of a tag are letters/],
    ['{ type: text, max_length: 9, tag: true }', /fields.a.tag: unknown key/],
    ['{ type: text, max_length: 9 }', /fields.mac: needs content: mac/, 'mac'],
    ['{ type: text, max_length: 17, content: mac }', /fields.client_mac: .*must not enter/, 'client_mac'],
    [NUMBER, /fields.heart_rate: .*must not enter/, 'heart_rate'],
    [NUMBER, /fields.bloodPressure: .*must not enter/, 'bloodPressure'],
  ];
  for (const [spec, expected, name] of cases) t.match(field(spec, name), expected, spec);
  t.equal(field('{ type: text, max_length: 17, content: mac }', 'mac'), '');
  const event = 'payload:\n  event: { path: c, map: { 1: nope } }\nfields: {}\n';
  t.match(issuesOf(event), /payload.event.map: there is no event "nope"/);
});
