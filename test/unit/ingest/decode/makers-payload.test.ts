import fc from 'fast-check';
import t from 'tap';
import type { Channel, DeviceKind, FieldValue } from '../../../../src/core/types.ts';
import { parseKindFile } from '../../../../src/devices/kinds/kind-extends.ts';
import { toDeviceKind } from '../../../../src/devices/kinds/kind-spec.ts';
import { decodeMessage } from '../../../support/ingest/decode.ts';
import { storedMessage } from '../../../support/ingest/kiosk-kind.ts';

const HEAD =
  'kind: probe\nversion: 1\ntitle: { en: Probe, zh: 探头 }\nstream: false\nperiod_s: 60\nstale_after_s: 300\n';

function kindOf(rest: string): DeviceKind {
  const parsed = parseKindFile('probe.yaml', HEAD + rest);
  if ('issues' in parsed) throw new Error(JSON.stringify(parsed.issues));
  return toDeviceKind(parsed.kind);
}

const decode = (kind: DeviceKind, payload: unknown, channel: Channel = 'telemetry') =>
  decodeMessage(storedMessage(JSON.stringify(payload), { channel }), kind);

function valuesOf(kind: DeviceKind, payload: unknown): Record<string, FieldValue> | null {
  const [record] = decode(kind, payload).records;
  return record?.type === 'reading' ? Object.fromEntries(record.values) : null;
}

const MAKER = kindOf(`
payload:
  ts: { path: d.at, unit: s }
  id: { path: seq }
  event: { path: alarm.code, map: { 3: jam, door: door_open } }
  ignore: [ver, d.raw]
fields:
  temp_c: { type: number, unit: °C, min: -60, max: 300, precision: 1, path: d.t, scale: 0.1 }
  smoke: { type: boolean, path: d.s, map: { 0: false, 1: true, "on": true } }
  mode: { type: enum, values: [idle, run, fault], path: d.m, map: { 0: idle, 1: run, 9: fault } }
  count: { type: integer, unit: null, min: 0, max: 100000, path: d.n.0, scale: 100 }
  firmware: { type: text, max_length: 16 }
events:
  jam:
    required: [bin]
    fields:
      bin: { type: integer, unit: null, min: 0, max: 9, path: alarm.bin }
  door_open: {}
`);

t.test("a maker's payload becomes the kind's values", async (t) => {
  const at = Math.floor(1_767_571_200_000 / 1000);
  const payload = {
    ver: 3,
    seq: 'a-1',
    d: { at, t: 215, s: 1, m: 9, n: [7], raw: { x: 1 } },
    values: { firmware: '2' },
  };
  const [record] = decode(MAKER, payload).records;
  t.match(record, { type: 'reading', id: 'a-1', atMs: at * 1000, clock: 'device' });
  t.strictSame(valuesOf(MAKER, payload), { temp_c: 21.5, smoke: true, mode: 'fault', count: 700, firmware: '2' });
  t.strictSame(valuesOf(MAKER, { d: { s: 'on' } }), { smoke: true });
  t.match(decode(MAKER, { alarm: { code: 3, bin: 4 }, seq: 'x' }, 'event').records, [
    { event: 'jam', id: 'x', data: new Map([['bin', 4]]) },
  ]);
  t.match(decode(MAKER, { alarm: { code: 'door' } }, 'event').records, [{ event: 'door_open' }]);
});

t.test('what does not fit is refused at its own place', async (t) => {
  const cases: [unknown, string, string, Channel?][] = [
    [{ d: { t: 3001 } }, 'out-of-range', 'd.t'],
    [{ d: { t: '215' } }, 'wrong-type', 'd.t'],
    [{ d: { s: 2 } }, 'not-in-list', 'd.s'],
    [{ d: { s: null } }, 'wrong-type', 'd.s'],
    [{ d: { m: 'idle' } }, 'not-in-list', 'd.m'],
    [{ d: { n: [0.001] } }, 'not-whole', 'd.n.0'],
    [{ d: { n: [1, 2] } }, 'unknown-field', 'd.n.1'],
    [{ d: 7 }, 'wrong-type', 'd'],
    [{ d: { extra: 1 } }, 'unknown-field', 'd.extra'],
    [{ extra: 1 }, 'unknown-field', 'extra'],
    [{ values: { temp_c: 21.5 } }, 'unknown-field', 'values.temp_c'],
    [{ ver: 1 }, 'no-values', 'values'],
    [{ seq: 7, d: { t: 1 } }, 'wrong-type', 'id'],
    [{ d: { at: 'now', t: 1 } }, 'wrong-type', 'ts'],
    [{ d: { t: 1 }, ver: { heart_rate: 71 } }, 'forbidden-health', 'heart_rate'],
    [{ alarm: { bin: 4 } }, 'missing-key', 'alarm.code', 'event'],
    [{ alarm: { code: 4 } }, 'unknown-event', 'alarm.code', 'event'],
    [{ alarm: { code: 3 } }, 'missing-key', 'data.bin', 'event'],
  ];
  for (const [payload, reason, path, channel] of cases) {
    const { records, refusals } = decode(MAKER, payload, channel);
    t.strictSame(records, [], JSON.stringify(payload));
    t.match(refusals, [{ reason, path }], JSON.stringify(payload));
  }
});

t.test("without a path the contract's payload is read, scaled and mapped or not", async (t) => {
  const kind = kindOf(`
fields:
  level_m: { type: number, unit: m, min: 0, max: 10, precision: 2, scale: 0.001, offset: 1 }
  state: { type: enum, values: [up, down], map: { 1: up, 0: down } }
  plain: { type: number, unit: null, min: 0, max: 10 }
`);
  t.strictSame(valuesOf(kind, { values: { level_m: 1234, state: 1, plain: 0.123456 } }), {
    level_m: 2.23,
    state: 'up',
    plain: 0.123456,
  });
});

t.test('a record sent again is the same one after its kind rounds or scales differently', async (t) => {
  const timeOf = (rest: string) => {
    const kind = kindOf(`fields:\n  a: { type: number, unit: null, min: 0, max: 100${rest} }\n`);
    return decode(kind, { ts: 1_767_571_200_000, values: { a: 1.26 } }).records[0]?.timeNs;
  };
  t.equal(timeOf(', precision: 1'), timeOf(''));
  t.equal(timeOf(', scale: 2'), timeOf(''));
});

t.test('rounding stays within half a digit and the range, whatever the value', async () => {
  const property = fc.property(
    fc.double({ min: -200, max: 200, noNaN: true }),
    fc.integer({ min: 0, max: 9 }),
    (value, precision) => {
      const spec = `{ type: number, unit: null, min: -100, max: 100, precision: ${precision} }`;
      const kept = valuesOf(kindOf(`fields:\n  a: ${spec}\n`), { values: { a: value } })?.a;
      if (Math.abs(value) > 100) return kept === undefined || Math.abs(value) - 100 < 1e-9;
      if (typeof kept !== 'number') return JSON.stringify(value) === '5e-324' || Math.abs(value) < 1e-300;
      return Math.abs(kept) <= 100 && Math.abs(kept - value) <= 0.5 * 10 ** -precision + 1e-12 && !Object.is(kept, -0);
    },
  );
  fc.assert(property, { numRuns: 300 });
});

const key = fc.stringMatching(/^[a-f]{1,3}$/);
const place = fc.array(key, { minLength: 1, maxLength: 4 }).map((keys) => keys.join('.'));
const unrelated = (a: string, b: string) => a !== b && !a.startsWith(`${b}.`) && !b.startsWith(`${a}.`);

/** Sets a value at a path, making the objects on the way. */
function plant(root: Record<string, unknown>, path: string, value: unknown): void {
  const keys = path.split('.');
  let node = root;
  for (const one of keys.slice(0, -1)) {
    node[one] ??= {};
    node = node[one] as Record<string, unknown>;
  }
  node[keys.at(-1)!] = value;
}

t.test('any places, any order: each field gets the value that stands at its path', async () => {
  const places = fc
    .uniqueArray(place, { minLength: 1, maxLength: 6 })
    .filter((all) => all.every((a, i) => all.slice(0, i).every((b) => unrelated(a, b))));
  const property = fc.property(
    places,
    fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 6 }),
    (all, raw) => {
      const lines = all.map((path, i) => `  f${i}: { type: number, unit: null, min: -1000, max: 1000, path: ${path} }`);
      const payload = {};
      for (const i of [...all.keys()].reverse()) plant(payload, all[i]!, raw[i]);
      const kind = kindOf(`fields:\n${lines.join('\n')}\n`);
      const values = valuesOf(kind, payload);
      return all.every((_, i) => values?.[`f${i}`] === raw[i]! + 0) && Object.keys(values ?? {}).length === all.length;
    },
  );
  fc.assert(property, { numRuns: 300 });
});
