import t from 'tap';
import { findingsOf, play, type Story, smoke, type Told } from '../../../../support/alerts/conditions/told-stories.ts';

const level = (at: number, level_m: number): Told => ({ at, values: { level_m } });
const place = (at: number, lon: number, speed_kmh = 0): Told => ({ at, values: { lat: 29.8, lon, speed_kmh } });
const trip = (at: number, happenedAt = at): Told => ({ at, event: 'pump_trip', happenedAt });

const RISE = '{ type: rate, field: level_m, rise: 0.1, within_s: 300 }';
const DROP = '{ type: rate, field: children_online, fall_pct: 20, within_s: 300 }';
const TRIPS = '{ type: count, event: pump_trip, at_least: 3, within_s: 600 }';
const ZONE = '[[121.5, 29.7], [121.6, 29.7], [121.6, 29.9], [121.5, 29.9]]';
const STOPS = `{ type: geofence, inside: ${ZONE}, while: [{ field: speed_kmh, below: 3 }], hold_s: 600 }`;
const SMOKE = '[{ any: [{ field: smoke, equals: true }] }]';
const RAIN = `{ type: together, by: district, devices: 2, each_sign: true, within_s: 1800, signs: [
  { kinds: [weather-station], any: [{ field: rain_mmh, above: 20 }] },
  { kinds: [water-level], any: [{ field: level_m, above: 3 }] }] }`;

const STORIES: Story[] = [
  {
    name: 'rate: ten centimetres in five minutes are too fast, and it is over when the window shows it no more',
    kinds: 'water-level',
    condition: RISE,
    told: [level(0, 1), level(100, 1.05), level(200, 1.12), level(700, 1.12)],
    findings: ['near-1 fired at 200', 'near-1 cleared at 700'],
  },
  {
    name: 'rate: the same in an hour is not, and neither is a fall',
    kinds: 'water-level',
    condition: RISE,
    told: [level(0, 1), level(1200, 1.05), level(2400, 1.12), level(2500, 0.5), level(2600, 0.55)],
    findings: [],
  },
  {
    name: 'rate: a fall in per cent of what it was',
    kinds: 'platform-node',
    condition: DROP,
    told: [100, 95, 79, 78].map((children_online, step) => ({ at: step * 60, values: { children_online } })),
    findings: ['near-1 fired at 120'],
  },
  {
    name: 'count: three within ten minutes, and it is over ten minutes behind the last',
    kinds: 'pump',
    condition: TRIPS,
    told: [trip(0), trip(300), trip(599), trip(700)],
    findings: ['near-1 fired at 599', 'near-1 cleared at 1300'],
  },
  {
    name: 'count: three that come at once count by when they happened',
    kinds: 'pump',
    condition: TRIPS,
    told: [trip(8_000, 0), trip(8_000, 3_000), trip(8_000, 7_000), trip(8_000, 7_500)],
    findings: [],
  },
  {
    name: 'change: from one value to another, over when it is that no more; what is said first is no change',
    kinds: 'signal-controller',
    condition: '{ type: change, field: mode, from: [fixed], to: [manual, flashing] }',
    told: ['manual', 'fixed', 'manual', 'flashing', 'fixed', 'flashing'].map((mode, at) => ({ at, values: { mode } })),
    findings: ['near-1 fired at 2', 'near-1 cleared at 4', 'near-1 fired at 5'],
  },
  {
    name: 'geofence: a lorry that stands ten minutes in the zone; without a fix it is where it was',
    kinds: 'vehicle',
    condition: STOPS,
    told: [place(0, 121.4), place(60, 121.55, 40), place(120, 121.55), { at: 400, values: { speed_kmh: 0 } }],
    findings: ['near-1 fired at 720'],
  },
  {
    name: 'geofence: one that passes through, and one that stands elsewhere, raise nothing',
    kinds: 'vehicle',
    condition: STOPS,
    told: [place(0, 121.55), place(300, 121.55, 30), place(400, 121.7), place(2_000, 121.7)],
    findings: [],
  },
  {
    name: 'geofence: outside of an area, and back',
    kinds: 'vehicle',
    condition: `{ type: geofence, outside: ${ZONE} }`,
    told: [place(0, 121.55), place(60, 121.65), place(120, 121.58)],
    findings: ['near-1 fired at 60', 'near-1 cleared at 120'],
  },
  {
    name: 'threshold: only while something else is true as well',
    kinds: 'vehicle',
    condition: '{ type: threshold, any: [{ field: speed_kmh, above: 5 }], while: [{ field: acc, equals: false }] }',
    told: [
      { at: 0, values: { speed_kmh: 20, acc: true } },
      { at: 30, values: { acc: false } },
      { at: 60, values: { speed_kmh: 30 } },
      { at: 90, values: { acc: true } },
    ],
    findings: ['near-1 fired at 30', 'near-1 cleared at 90'],
  },
  {
    name: 'absence: of readings of one sort, whatever else is heard',
    kinds: 'pollution-logger',
    condition: '{ type: absence, silent_for_s: 600, of: { record: hour } }',
    told: [
      { at: 0, values: { record: 'hour', ph: 7 } },
      { at: 500, values: { record: 'now', ph: 7 } },
      { at: 900, values: { record: 'hour', ph: 7 } },
    ],
    findings: ['near-1 fired at 600', 'near-1 cleared at 900', 'near-1 fired at 1500'],
  },
  {
    name: 'absence: only while something was true when it was heard last',
    kinds: 'vehicle',
    condition: '{ type: absence, silent_for_s: 60, while: [{ field: acc, equals: true }] }',
    told: [
      { at: 0, values: { acc: true } },
      { at: 30, values: { acc: false } },
      { at: 500, values: { speed_kmh: 0 } },
      { at: 600, values: { acc: true } },
    ],
    findings: ['near-1 fired at 660'],
  },
  {
    name: 'unchanged: the same value for long, reading for reading, until it moves',
    kinds: 'water-level',
    condition: '{ type: unchanged, field: level_m, for_s: 600 }',
    told: [level(0, 1.2), level(300, 1.2), level(600, 1.2), level(900, 1.2), level(1_000, 1.21)],
    findings: ['near-1 fired at 600', 'near-1 cleared at 1000'],
  },
  {
    name: 'unchanged: silence is none, and a value that moves now and then is none',
    kinds: 'water-level',
    condition: '{ type: unchanged, field: level_m, for_s: 600 }',
    told: [level(0, 1.2), level(500, 1.3), level(900, 1.2), level(1_400, 1.3)],
    findings: [],
  },
  {
    name: 'together: two below one parent, until one of them says that it is over',
    kinds: 'recycling-kiosk',
    condition: `{ type: together, by: parent, devices: 2, within_s: 60, signs: ${SMOKE} }`,
    told: [smoke(0, 'near-1'), smoke(0, 'far-1'), smoke(30, 'near-2'), smoke(40, 'near-1', false)],
    findings: ['pole fired at 30', 'pole cleared at 40'],
  },
  {
    name: 'together: the same device twice is one, and what was said long ago does not count',
    kinds: 'recycling-kiosk',
    condition: `{ type: together, by: site, devices: 2, within_s: 60, signs: ${SMOKE} }`,
    told: [smoke(0, 'near-1'), smoke(10, 'near-1'), smoke(75, 'near-2')],
    findings: [],
  },
  {
    name: 'together: near each other; when nothing more is heard nobody knows whether it lasts',
    kinds: 'recycling-kiosk',
    condition: `{ type: together, by: district, devices: 2, within_s: 60, radius_m: 300, signs: ${SMOKE} }`,
    told: [smoke(0, 'near-1'), smoke(10, 'far-1'), smoke(20, 'near-3')],
    findings: ['330203 fired at 20', '330203 stale at 60'],
  },
  {
    name: 'together: rain and a high level, across kinds; either alone is nothing',
    kinds: 'weather-station, water-level',
    condition: RAIN,
    told: [
      { at: 0, device: 'near-1', kind: 'weather-station', values: { rain_mmh: 30 } },
      { at: 10, device: 'near-2', kind: 'weather-station', values: { rain_mmh: 30 } },
      { at: 60, device: 'far-1', kind: 'water-level', values: { level_m: 3.5 } },
    ],
    findings: ['330203 fired at 60', '330203 stale at 1810'],
  },
];

for (const { findings, ...story } of STORIES) {
  t.test(story.name, async (t) => t.strictSame(play(story), findings));
}

t.test(
  'together: what hangs on one parent is counted and not named, since it may stand in several districts',
  async (t) => {
    const shown = (by: string) => {
      const condition = `{ type: together, by: ${by}, devices: 2, within_s: 60, signs: ${SMOKE} }`;
      const told = [smoke(0, 'near-1'), smoke(1, 'near-2')];
      return findingsOf({ kinds: 'recycling-kiosk', condition, told })[0]!.data;
    };
    t.strictSame(shown('parent'), { devices: 2, within_s: 60 });
    t.strictSame(shown('site'), { devices: 2, within_s: 60 });
    t.strictSame(shown('district'), { devices: 2, within_s: 60, which: 'near-1, near-2' });
  },
);
