import { cpus } from 'node:os';
import type { Channel, DeviceKind, FieldSpec, Message } from '../src/core/types.ts';
import { Decoder } from '../src/ingest/decode/decoder.ts';

/** CPU of decoding one message, beside the floor (JSON.parse of the same bytes) in the same run. */

const percent: FieldSpec = { type: 'number', unit: '%', min: 0, max: 100 };
const kind: DeviceKind = {
  kind: 'recycling-kiosk',
  version: 1,
  title: { en: '', zh: '' },
  stream: false,
  periodS: 60,
  staleAfterS: 300,
  fields: new Map<string, FieldSpec>([
    ['fill_pct', percent],
    ['battery_pct', percent],
    ['temp_c', { type: 'number', unit: '°C', min: -60, max: 300 }],
    ['door_open', { type: 'boolean' }],
    ['network', { type: 'enum', values: ['ethernet', 'wifi'] }],
  ]),
  commands: new Map(),
  events: new Map([
    [
      'passage',
      {
        fields: new Map<string, FieldSpec>([
          ['plate', { type: 'text', maxLength: 16, sensitive: 'plate' }],
          ['lane', { type: 'integer', unit: null, min: 1, max: 16 }],
          ['speedKmh', { type: 'number', unit: 'km/h', min: 0, max: 400 }],
        ]),
        required: ['plate'],
      },
    ],
  ]),
};
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

process.stdout.write(`${JSON.stringify({ machine: cpus()[0]?.model, cores: cpus().length, node: process.version })}\n`);
for (const [name, channel, text] of SAMPLES) {
  const message: Message = {
    receivedAtMs: 1_767_571_200_000,
    uplink: 'mqtt',
    channel,
    topic: '',
    connection: 'c',
    packetId: 1,
    dup: false,
    device: { id: 'kiosk-1', kind: kind.kind, kindVersion: 1, jurisdiction: '330212' },
    raw: Buffer.from(text),
    lane: 'live',
    incarnation: '',
    offset: 1,
    endOffset: 2,
  };
  const decodeUs = cpuUs(() => decoder.decode(message, kind));
  const floorUs = cpuUs(() => JSON.parse(message.raw.toString()));
  process.stdout.write(`${JSON.stringify({ bench: `decode ${name}`, decodeUs, jsonParseUs: floorUs })}\n`);
}

function cpuUs(run: () => unknown): number {
  for (let round = 0; round < ROUNDS / 10; round += 1) run();
  const before = process.cpuUsage();
  for (let round = 0; round < ROUNDS; round += 1) run();
  const used = process.cpuUsage(before);
  return Math.round(((used.user + used.system) / ROUNDS) * 100) / 100;
}
