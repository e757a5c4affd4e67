import { join } from 'node:path';
import t from 'tap';
import {
  INTERNAL_RECORDS,
  type InternalPayloads,
  type InternalRecord,
  internalMessage,
  isInternal,
  isRecord,
  wordOf,
} from '../../../src/core/internal-records.ts';
import { Kinds } from '../../../src/devices/kinds/kinds.ts';
import { decodeMessage } from '../../support/ingest/decode.ts';
import { storedMessage } from '../../support/ingest/kiosk-kind.ts';
import { ROOT } from '../../support/root.ts';

const kinds = await Kinds.load(join(ROOT, 'config/kinds'));
const device = { id: '_gateway', kind: 'gateway', kindVersion: 1, jurisdiction: '330000' };
const health = { values: { uptime_s: 1, rss_mb: 2 } };

const DIFFERENCE = { kind: 'kiosk', jurisdiction: '330203', messages: 1, records: 0 };

const PAYLOADS: InternalPayloads = {
  start: { id: 'a', type: 'start', data: { version: '1.0.0' } },
  clock: health,
  self: health,
  registered: { online: false },
  retired: { online: false },
  kindChanged: { id: 'b', type: 'kind_changed', data: { kind: 'kiosk', from: 1, to: 2 } },
  ledger: { values: { ledger_difference: 1, ledger_kind: 'kiosk' } },
  ledgerDifference: { id: 'c', type: 'ledger_difference', data: DIFFERENCE },
  cameraWatch: { online: true },
  cameraUnits: { values: { other_unit: 1 } },
  cameraClock: { values: { clock_skew_s: -2.5 } },
  pictureHealth: { values: { video_state: 'stalled', key_frame_gap: true } },
};

const ABOUT_CAMERAS: ReadonlySet<InternalRecord> = new Set(['cameraUnits', 'cameraClock', 'pictureHealth']);

t.test('the topics of the gateway stay what they were: journals of every version hold them', async (t) => {
  const topics = Object.entries(INTERNAL_RECORDS).map(([name, { topic, channel }]) => `${name} ${topic} ${channel}`);
  t.strictSame(topics, [
    'start internal/start event',
    'clock internal/clock telemetry',
    'self internal/self telemetry',
    'registered internal/registered state',
    'retired internal/retired state',
    'kindChanged internal/kind-changed event',
    'ledger internal/ledger telemetry',
    'ledgerDifference internal/ledger event',
    'cameraWatch internal/camera-watch state',
    'cameraUnits internal/camera-units telemetry',
    'cameraClock internal/camera-clock telemetry',
    'pictureHealth internal/picture-health telemetry',
  ]);
});

t.test('every word of the gateway is read by the kind of what it is about', async (t) => {
  for (const name of Object.keys(INTERNAL_RECORDS) as InternalRecord[]) {
    const kind = kinds.latest(ABOUT_CAMERAS.has(name) ? 'camera' : 'gateway');
    const written = internalMessage(name, PAYLOADS[name], { device, receivedAtMs: 1_000 });
    const message = storedMessage(written.raw, written);
    const { records, refusals } = decodeMessage(message, kind);
    t.strictSame(refusals, [], name);
    t.match(records, [{ type: { telemetry: 'reading', event: 'event', state: 'state' }[message.channel as 'state'] }]);
    t.ok(isInternal(message) && isRecord(message, name), name);
  }
});

t.test('only what a device says, and that it answered us, is a word of its being there', async (t) => {
  for (const name of Object.keys(INTERNAL_RECORDS) as InternalRecord[]) {
    const message = internalMessage(name, PAYLOADS[name], { device, receivedAtMs: 1_000 });
    t.equal(wordOf(message), name === 'cameraWatch' ? 'asked' : 'nobody', name);
  }
  const topic = 'internal/camera-watch';
  for (const uplink of ['mqtt', 'http', 'onvif'] as const) t.equal(wordOf({ uplink, topic }), 'own', uplink);
  t.equal(wordOf({ uplink: 'replay', topic }), 'nobody');
  t.notOk(isRecord({ uplink: 'mqtt', topic: 'internal/start' }, 'start'), 'a device cannot say that we started');
});
