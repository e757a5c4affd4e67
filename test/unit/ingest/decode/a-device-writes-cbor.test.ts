import { encode } from 'cborg';
import t from 'tap';
import { NATIONWIDE } from '../../../../src/core/jurisdiction.ts';
import type { Channel, DeviceKind, Message } from '../../../../src/core/types.ts';
import { parseKindFile } from '../../../../src/devices/kinds/kind-extends.ts';
import { toDeviceKind } from '../../../../src/devices/kinds/kind-spec.ts';
import { repliesIn } from '../../../../src/ingest/commands/reply.ts';
import { KindDryRun } from '../../../../src/ingest/explain/kind-dry-run.ts';
import { UNGUARDED } from '../../../../src/ingest/readers/journal-feed.ts';
import { callerIn } from '../../../support/devices/registry.ts';
import { decodeMessage } from '../../../support/ingest/decode.ts';
import { storedMessage } from '../../../support/ingest/kiosk-kind.ts';
import { ManualClock } from '../../../support/time/clock.ts';

const TS = 1_767_571_199_123;

function kindOf(version: number, rest: string): DeviceKind {
  const head = `kind: probe\nversion: ${version}\ntitle: { en: Probe, zh: 探头 }\nperiod_s: 60\nstale_after_s: 300\n`;
  const parsed = parseKindFile('probe.yaml', head + rest);
  if ('issues' in parsed) throw new Error(JSON.stringify(parsed.issues));
  return toDeviceKind(parsed.kind);
}

const PARTS = `stream: false
fields:
  level_m: { type: number, unit: m, min: 0, max: 10 }
  total: { type: integer, unit: null, min: 0, max: 9007199254740991 }
  modem: { type: text, max_length: 32, content: mac }
  note: { type: text, max_length: 32 }
events:
  flood:
    fields: { level_m: { type: number, unit: m, min: 0, max: 10 } }
`;
const JSON_KIND = kindOf(1, PARTS);
const CBOR_KIND = kindOf(2, `codec: cbor\n${PARTS}`);
const kinds = { at: (_: string, version: number) => [JSON_KIND, CBOR_KIND][version - 1] };

const device = (kindVersion: number) => ({ id: 'p-1', kind: 'probe', kindVersion, jurisdiction: '330212' });
const sent = (raw: Uint8Array, change: Partial<Message> = {}) =>
  storedMessage(Buffer.from(raw), { device: device(2), ...change });
const decode = (value: unknown, channel: Channel = 'telemetry') =>
  decodeMessage(sent(encode(value), { channel }), CBOR_KIND);
const hex = (digits: string) => Buffer.from(digits.replaceAll(' ', ''), 'hex');

t.test('what it writes means what the same in JSON would', async (t) => {
  const cases: [Channel, unknown][] = [
    [
      'telemetry',
      [
        { ts: TS, id: 'a', values: { level_m: 1.5, total: 7 } },
        { ts: TS, values: { level_m: 2, note: '水位' } },
      ],
    ],
    ['event', { ts: TS, type: 'flood', data: { level_m: 9.25 } }],
    ['state', { online: true, firmware: '2.1' }],
    ['reply', { id: 'c-1', ok: false, result: { why: 'stuck' } }],
  ];
  for (const [channel, value] of cases) {
    const asJson = decodeMessage(storedMessage(JSON.stringify(value), { channel, device: device(1) }), JSON_KIND);
    const asCbor = decode(value, channel);
    t.strictSame(asCbor, asJson, channel);
    t.strictSame(asCbor.refusals, [], channel);
  }
});

t.test('what does not fit is refused at its place', async (t) => {
  const cases: [unknown, string, string][] = [
    [{ values: { level_m: Number.NaN } }, 'not-finite', 'values.level_m'],
    [{ values: { level_m: Number.POSITIVE_INFINITY } }, 'not-finite', 'values.level_m'],
    [{ values: { total: 2n ** 64n - 1n } }, 'not-exact', 'values.total'],
    [{ values: { level_m: Buffer.from([1]) } }, 'wrong-type', 'values.level_m'],
    [{ values: { level_m: undefined } }, 'wrong-type', 'values.level_m'],
    [{ ts: Number.NaN, values: { level_m: 1 } }, 'not-finite', 'ts'],
    [{ ts: TS + 0.5, values: { level_m: 1 } }, 'not-whole', 'ts'],
    [{ values: new Map([[1, 2]]) }, 'unknown-field', 'values.1'],
    [7, 'not-an-object', ''],
    [[], 'empty', ''],
  ];
  for (const [value, reason, path] of cases) {
    const { records, refusals } = decode(value);
    t.strictSame(records, [], reason);
    t.match(refusals, [{ reason, path }], `${reason} ${path}`);
  }
  t.match(decode({ values: { level_m: 0, note: '1e-400' } }).records, [{ type: 'reading' }], 'a 0 is a 0');
  const tagged = hex(`d9d9f7 a2 6274 73 c1 1b ${TS.toString(16).padStart(16, '0')} 66 76616c756573 a1 65746f74616c 07`);
  t.match(decodeMessage(sent(tagged), CBOR_KIND).records, [{ atMs: TS, values: new Map([['total', 7]]) }]);
});

t.test('what must not enter is found in what was put aside', async (t) => {
  const address = Buffer.from('a4c1380a1b2c', 'hex');
  const cases: [unknown, string, string][] = [
    [{ values: { note: address } }, 'forbidden-mac', 'values.note'],
    [{ values: { level_m: 1 }, seen: address }, 'forbidden-mac', 'seen'],
    [{ values: { level_m: 1 }, more: { heart_rate: 71 } }, 'forbidden-health', 'heart_rate'],
    [{ values: { level_m: 1 }, paid: 6_222_021_234_567_890_128n }, 'forbidden-card', 'paid'],
    [{ values: { level_m: 99 }, text: 'from A4-C1-38-0A-1B-2C' }, 'forbidden-mac', 'text'],
  ];
  for (const [value, reason, path] of cases) {
    t.match(decode(value).refusals, [{ reason, path, value: '[hidden]' }], `${reason} ${path}`);
  }
  const cut = Buffer.from(encode({ values: { level_m: 1 }, seen: 'a4:c1:38:0a:1b:2c', x: 1 })).subarray(0, -2);
  const open = hex(`bf 64 7365656e 5f 71 ${Buffer.from('a4:c1:38:0a:1b:2c').toString('hex')}`);
  for (const raw of [cut, open]) {
    t.match(decodeMessage(sent(raw), CBOR_KIND).refusals, [{ reason: 'forbidden-mac' }], raw.toString('hex'));
  }
  const [reading] = decode({ values: { modem: address } }).records;
  t.match(reading, { values: new Map([['modem', 'a4:c1:38:0a:1b:2c']]) }, 'unless the kind says it is equipment');
});

t.test('a message is read as its kind was when it came, and ours as we wrote it', async (t) => {
  const value = { ts: TS, values: { level_m: 1 } };
  const old = storedMessage(JSON.stringify(value), { device: device(1) });
  const now = sent(encode(value));
  for (const message of [old, now]) {
    t.equal(decodeMessage(message, kinds.at('probe', message.device.kindVersion)).records.length, 1);
  }
  t.match(decodeMessage(old, CBOR_KIND).refusals, [{ reason: 'not-cbor', value: '43 bytes' }]);
  t.match(decodeMessage(now, JSON_KIND).refusals, [{ index: null }]);
  const ours = storedMessage('{"online":true}', { channel: 'state', uplink: 'internal', device: device(2) });
  t.match(decodeMessage(ours, CBOR_KIND).records, [{ type: 'state', online: true }]);
});

t.test('its replies are read as its kind says, and one that is none stops nobody', async (t) => {
  const reply = (message: Message) => {
    const { refusals, records } = decodeMessage(message, kinds.at('probe', message.device.kindVersion));
    return repliesIn({ message, refusals, records }, kinds);
  };
  const value = [{ id: 'c-1', ok: true, result: { steps: [1, 2] } }, null, { id: 'c-2', ok: false }];
  const expected = [
    { id: 'c-1', from: 'p-1', ok: true, result: '{"steps":[1,2]}' },
    { id: 'c-2', from: 'p-1', ok: false, result: null },
  ];
  t.match(reply(sent(encode(value), { channel: 'reply' })), expected);
  t.match(reply(storedMessage(JSON.stringify(value), { channel: 'reply', device: device(1) })), expected);
  t.strictSame(reply(storedMessage('null', { channel: 'reply', device: device(1) })), []);
  t.strictSame(reply(sent(hex('a1'), { channel: 'reply' })), []);
});

t.test('a kind that forgot to say so is tried and mended', async (t) => {
  const clock = new ManualClock();
  const raw = encode({ values: { level_m: 1.5, total: 2 } });
  const messages = [sent(raw, { device: device(1), receivedAtMs: clock.nowMs() })];
  const journal = {
    head: 100,
    tail: 0,
    read: async (at: number) => ({ messages: at === 0 ? messages : [], next: 100 }),
  };
  const trial = new KindDryRun({
    journal,
    kinds: { ...kinds, candidate: () => ({ kind: CBOR_KIND }) },
    clock,
    guard: UNGUARDED,
  });
  const answer = await trial.run(callerIn(NATIONWIDE), 'its text', 24);
  t.match(answer, { codec: 'cbor', before: { decoded: 0, deadLettered: 1 }, after: { decoded: 1, deadLettered: 0 } });
  t.match(answer.differences, [{ before: 'not-utf8' }, { index: 0, after: 'decoded' }]);
});

t.test('a camera has no codec: what it sends is written by the gateway', async (t) => {
  const parsed = parseKindFile(
    'probe.yaml',
    `kind: probe
version: 1
title: { en: Probe, zh: 探头 }
stream: true
codec: cbor
period_s: 60
stale_after_s: 300
fields: {}
`,
  );
  t.match(parsed, { issues: [{ path: 'probe.yaml:5', message: /^codec: excludes stream/ }] });
  t.throws(() => kindOf(1, `codec: xml\n${PARTS}`), /codec/);
});
