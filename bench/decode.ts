import { encode } from 'cborg';
import type { Channel, DeviceKind, Message } from '../src/core/types.ts';
import { Decoder } from '../src/ingest/decode/decoder.ts';
import { beside, tell, tellMachine } from './support/figures.ts';
import { KIOSK } from './support/kiosk.ts';

/** CPU of decoding one message, beside the floor (JSON.parse of the same bytes) in the same run. */

const values = '"values":{"fill_pct":82.5,"battery_pct":91,"temp_c":21.75,"door_open":false,"network":"wifi"}';
const SAMPLES: [string, Channel, string][] = [
  ['reading with ts', 'telemetry', `{"ts":1767571199123,${values}}`],
  ['reading with ts and id', 'telemetry', `{"ts":1767571199123,"id":"r-123456",${values}}`],
  [
    'event',
    'event',
    '{"ts":1767571199123,"id":"e-1","type":"passage","data":{"plate":"浙B12345","lane":2,"speedKmh":54}}',
  ],
  ['state', 'state', '{"online":true,"firmware":"2.10"}'],
];
/** As the feed does: one for all messages. */
const decoder = new Decoder();
const ROUNDS = 300_000;

tellMachine();
const IN_CBOR: DeviceKind = { ...KIOSK, version: 2, codec: 'cbor' };
for (const [name, channel, text] of SAMPLES) {
  const raw = Buffer.from(text);
  const floor = beside(
    'JSON.parse',
    cpuUs(() => JSON.parse(raw.toString())),
  );
  tell('a message is decoded', { message: name, in: 'JSON' }, { each: [cpuOf(channel, raw, KIOSK), 'CPU µs', floor] });
  const cborUs = cpuOf(channel, Buffer.from(encode(JSON.parse(text))), IN_CBOR);
  tell('a message is decoded', { message: name, in: 'CBOR' }, { each: [cborUs, 'CPU µs', floor] });
}

function cpuOf(channel: Channel, raw: Buffer, kind: DeviceKind): number {
  const message: Message = {
    receivedAtMs: 1_767_571_200_000,
    uplink: 'mqtt',
    channel,
    topic: '',
    connection: 'c',
    packetId: 1,
    dup: false,
    device: { id: 'kiosk-1', kind: kind.kind, kindVersion: kind.version, jurisdiction: '330212' },
    raw,
    lane: 'live',
    incarnation: '',
    offset: 1,
    endOffset: 2,
  };
  return cpuUs(() => decoder.decode(message, kind));
}

function cpuUs(run: () => unknown): number {
  for (let round = 0; round < ROUNDS / 10; round += 1) run();
  const before = process.cpuUsage();
  for (let round = 0; round < ROUNDS; round += 1) run();
  const used = process.cpuUsage(before);
  return (used.user + used.system) / ROUNDS;
}
