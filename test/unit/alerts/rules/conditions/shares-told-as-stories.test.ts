import t from 'tap';
import { CITY, play, type Story, smoke, type Told } from '../../../../support/alerts/conditions/told-stories.ts';

/** What was raised is believed for three minutes. */
const DEVICES = { ...CITY, agesOf: () => ({ silenceS: 180, unendedS: 86_400 }) };

const SHARE = `{ type: share-of-devices, by: parent, any: [{ field: smoke, equals: true }], above_pct: 50,
  devices: 2, heard_within_s: 60 }`;
const flagged = (at: number, flag: string, record = 'minute'): Told => ({
  at,
  device: 'l-1',
  values: { flag, record },
});

const STORIES: Story[] = [
  {
    name: 'geofence: in a zone of the registry, by what it is called',
    kinds: 'vehicle',
    condition: '{ type: geofence, zones: quay, while: [{ field: speed_kmh, below: 3 }], hold_s: 60 }',
    told: [
      { at: 0, device: 'v-1', kind: 'vehicle', values: { lat: 29.8, lon: 121.5, speed_kmh: 0 } },
      { at: 30, device: 'v-2', kind: 'vehicle', values: { lat: 29.8, lon: 122.5, speed_kmh: 0 } },
      { at: 90, device: 'v-1', kind: 'vehicle', values: { lat: 29.8, lon: 121.5, speed_kmh: 30 } },
    ],
    findings: ['v-1 fired at 60', 'v-1 cleared at 90'],
  },
  {
    name: 'share of devices: more than half of those on one pole, of those that were heard',
    kinds: 'recycling-kiosk',
    condition: SHARE,
    told: [
      ...['near-1', 'near-2', 'near-3'].map((device) => smoke(0, device, false)),
      smoke(10, 'near-1'),
      smoke(20, 'near-2'),
      smoke(30, 'far-1'),
      smoke(40, 'near-1', false),
    ],
    findings: ['pole fired at 20', 'pole cleared at 40'],
  },
  {
    name: 'share of devices: that those that showed it fell silent does not end it, and nobody knows then',
    kinds: 'recycling-kiosk',
    condition: SHARE,
    told: [
      smoke(0, 'near-1'),
      smoke(0, 'near-2'),
      ...[50, 120, 181].map((at) => smoke(at, 'near-3', false)),
      smoke(190, 'near-2', false),
    ],
    findings: ['pole fired at 0', 'pole stale at 180', 'pole cleared at 190'],
  },
  {
    name: 'share of readings: of what came within the time, by the part of the device that it is of',
    kinds: 'pollution-logger',
    condition: `{ type: share-of-readings, any: [{ field: flag, equals: D }], above_pct: 50, at_least: 3,
      within_s: 320, of: { record: minute } }`,
    told: [
      ...['D', 'N', 'D', 'N', 'N', 'N'].map((flag, n) => flagged(n * 60, flag)),
      flagged(301, 'D', 'now'),
      flagged(2_000, 'D'),
      flagged(2_001, 'D'),
    ],
    findings: ['l-1 fired at 120', 'l-1 cleared at 180'],
  },
  {
    name: 'differs: until both were told nobody knows, and no longer than it lasts',
    kinds: 'sign',
    condition: '{ type: differs, field: text_hash, from_field: ordered_hash, hold_s: 30 }',
    told: [
      { at: 0, device: 's-1', kind: 'sign', values: { text_hash: 'a' } },
      { at: 100, device: 's-1', kind: 'sign', values: { ordered_hash: 'b' } },
      { at: 120, device: 's-1', kind: 'sign', values: { text_hash: 'b' } },
      { at: 200, device: 's-1', kind: 'sign', values: { ordered_hash: 'c' } },
      { at: 260, device: 's-1', kind: 'sign', values: { text_hash: 'c' } },
    ],
    findings: ['s-1 fired at 230', 's-1 cleared at 260'],
  },
];

for (const { findings, ...story } of STORIES) {
  t.test(story.name, async (t) => t.strictSame(play(story, DEVICES), findings));
}
