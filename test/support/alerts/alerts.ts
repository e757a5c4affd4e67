import type { DevicesPort } from '../../../src/alerts/rules/engine.ts';
import type {
  DecodedMessage,
  DecodedRecord,
  DeviceEvent,
  DeviceKind,
  DeviceReport,
  FieldValue,
  Reading,
} from '../../../src/core/types.ts';

/** Kinds as rules see them, without reading files. */
const KINDS: Record<string, DeviceKind> = {
  'recycling-kiosk': kind('recycling-kiosk', {
    fields: new Map([
      ['smoke', { type: 'boolean' }],
      ['lit', { type: 'boolean' }],
      ['temp_c', { type: 'number', unit: '°C', min: -40, max: 150 }],
      ['fill_pct', { type: 'number', unit: '%', min: 0, max: 100 }],
    ]),
  }),
  checkpoint: kind('checkpoint', {
    events: new Map([
      ['passage', { fields: new Map([['plate', { type: 'text', maxLength: 16 }]]), required: ['plate'] }],
    ]),
  }),
  camera: kind('camera', { stream: true }),
};

export const kindCatalogue = { latest: (name: string): DeviceKind | undefined => KINDS[name] };

function kind(name: string, rest: Partial<DeviceKind>): DeviceKind {
  return {
    kind: name,
    version: 1,
    title: { en: name, zh: name },
    stream: false,
    periodS: 60,
    staleAfterS: 180,
    commands: new Map(),
    fields: new Map(),
    events: new Map(),
    ...rest,
  };
}

/** A registry in which no device is retired, and none hangs on another. */
export const ALL_THERE: DevicesPort = {
  isRetired: () => false,
  labelsOf: () => undefined,
  agesOf: () => null,
  parentOf: () => null,
  topmost: (id) => id,
  placeOf: () => [121.5, 29.8],
  boundsOfZones: () => [],
};

export interface MessageInput {
  device: string;
  offset: number;
  receivedAtMs: number;
  records: DecodedRecord[];
  kind?: string;
  topic?: string;
  uplink?: string;
  jurisdiction?: string;
}

/** A decoded message as the feed would hand it to a reader. */
export function message(input: MessageInput): DecodedMessage {
  const { device, offset, receivedAtMs, records, jurisdiction = '330203' } = input;
  return {
    message: {
      lane: 'live',
      incarnation: '',
      offset,
      endOffset: offset + 1,
      receivedAtMs,
      uplink: input.uplink ?? 'mqtt',
      channel: 'telemetry',
      topic: input.topic ?? `cw/v1/${device}/telemetry`,
      device: { id: device, kind: input.kind ?? 'recycling-kiosk', kindVersion: 1, jurisdiction },
      connection: 'c',
      packetId: 1,
      dup: false,
      raw: Buffer.alloc(0),
    },
    records: records.map((record) => ({ ...record, receivedAtMs })),
    refusals: [],
  };
}

const base = (atMs: number) => ({
  index: 0,
  id: null,
  atMs,
  receivedAtMs: atMs,
  clock: 'device' as const,
  timeNs: `${atMs}000000`,
  duplicate: false,
});

export function reading(values: Record<string, FieldValue>, atMs = 1_000): Reading {
  return { ...base(atMs), type: 'reading', values: new Map(Object.entries(values)) };
}

export function report(online: boolean, atMs = 1_000): DeviceReport {
  return { ...base(atMs), type: 'state', online, firmware: null };
}

export function passage(plate: string, atMs = 1_000): DeviceEvent {
  return { ...base(atMs), type: 'event', event: 'passage', data: new Map([['plate', plate]]) };
}
