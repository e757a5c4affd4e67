import { HOUR_MS, MINUTE_MS } from '../../../../src/core/clock.ts';

/** A rule's condition, and what must be refused. */
export interface Sample {
  kind: string;
  condition: string;
  /** Gaps of a story in which it fires, where a moment is too short; a hot kiosk in all of it. */
  gapsMs?: number[];
  /** Conditions that do not fit the kind, each with the words by which it must be named. */
  misfits: [condition: string, named: RegExp][];
}

/** One rule of each condition, for the test of their contract: a condition without one fails it. */
export const SAMPLES: Record<string, Sample> = {
  threshold: {
    kind: 'recycling-kiosk',
    condition: '{ type: threshold, any: [{ field: temp_c, above: 60, clear_below: 40 }], hold_s: 5 }',
    misfits: [
      ['{ type: threshold, any: [{ field: tmp, above: 60 }] }', /condition\.any\.0\.field.*"tmp"/],
      ['{ type: threshold, any: [{ field: temp_c, above: 600 }] }', /condition\.any\.0.*600/],
      [
        '{ type: threshold, any: [{ field: smoke, equals: true }], while: [{ field: tmp, above: 6 }] }',
        /condition\.while\.0\.field/,
      ],
    ],
  },
  event: {
    kind: 'checkpoint',
    condition: '{ type: event, event: passage, watchlist: { field: plate } }',
    misfits: [
      ['{ type: event, event: pasage }', /condition\.event.*"pasage"/],
      ['{ type: event, event: passage, where: { lane_number: 1 } }', /condition.*"lane_number"/],
      ['{ type: event, event: passage, watchlist: { field: plat } }', /condition.*"plat"/],
    ],
  },
  rate: {
    kind: 'recycling-kiosk',
    condition: '{ type: rate, field: temp_c, rise: 20, within_s: 60, hold_s: 5 }',
    misfits: [
      ['{ type: rate, field: tmp, rise: 20, within_s: 60 }', /condition\.field.*"tmp"/],
      ['{ type: rate, field: smoke, rise: 20, within_s: 60 }', /condition\.field.*smoke is boolean/],
      ['{ type: rate, field: temp_c, fall: 500, within_s: 60 }', /condition\.fall.*500/],
      ['{ type: rate, field: temp_c, rise: 5, fall: 5, within_s: 60 }', /condition\.rise.*one of/],
    ],
  },
  count: {
    kind: 'checkpoint',
    condition: '{ type: count, event: passage, at_least: 2, within_s: 60 }',
    misfits: [
      ['{ type: count, event: pasage, at_least: 2, within_s: 60 }', /condition\.event.*"pasage"/],
      ['{ type: count, event: passage, at_least: 1, within_s: 60 }', /condition\.at_least/],
    ],
  },
  change: {
    kind: 'recycling-kiosk',
    condition: '{ type: change, field: smoke, to: [true] }',
    misfits: [
      ['{ type: change, field: smok }', /condition\.field.*"smok"/],
      ['{ type: change, field: temp_c }', /condition\.field.*temp_c.*threshold or rate/],
    ],
  },
  geofence: {
    kind: 'recycling-kiosk',
    condition: `{ type: geofence, lat: fill_pct, lon: temp_c, hold_s: 5,
      inside: [[60, 0], [60, 90], [100, 90], [100, 0]] }`,
    misfits: [
      ['{ type: geofence, inside: [[1, 1], [2, 2], [1, 2]] }', /condition\.lat.*"lat"/],
      [
        '{ type: geofence, lat: smoke, lon: temp_c, inside: [[1, 1], [2, 2], [1, 2]] }',
        /condition\.lat.*smoke is boolean/,
      ],
      ['{ type: geofence, lat: temp_c, lon: temp_c }', /condition\.inside.*only one/],
      ['{ type: geofence, lat: temp_c, lon: temp_c, zones: "No Lorry" }', /condition\.zones/],
    ],
  },
  together: {
    kind: 'recycling-kiosk',
    condition: `{ type: together, by: district, devices: 2, within_s: 20, radius_m: 50,
      signs: [{ any: [{ field: smoke, equals: true }] }] }`,
    misfits: [
      [
        '{ type: together, by: district, devices: 2, within_s: 9, signs: [{ any: [{ field: smok, equals: true }] }] }',
        /condition\.signs\.0\.any\.0\.field.*"smok"/,
      ],
      [
        '{ type: together, by: district, devices: 2, within_s: 9, signs: [{ kinds: [camera], event: motion }] }',
        /condition\.signs.*no sign.*recycling-kiosk/,
      ],
    ],
  },
  'share-of-readings': {
    kind: 'recycling-kiosk',
    condition: `{ type: share-of-readings, any: [{ field: smoke, equals: true }, { field: temp_c, above: 60 }],
      above_pct: 40, clear_below_pct: 30, at_least: 2, within_s: 60 }`,
    misfits: [
      [
        '{ type: share-of-readings, any: [{ field: smok, equals: true }], above_pct: 25, at_least: 9, within_s: 60 }',
        /condition\.any\.0\.field.*"smok"/,
      ],
      [
        `{ type: share-of-readings, any: [{ field: smoke, equals: true }], of: { tmp: 1 }, above_pct: 25, at_least: 9,
          within_s: 60 }`,
        /condition\.of\.tmp.*"tmp"/,
      ],
      [
        `{ type: share-of-readings, any: [{ field: smoke, equals: true }], above_pct: 25, clear_below_pct: 30,
          at_least: 9, within_s: 60 }`,
        /condition\.clear_below_pct.*flap/,
      ],
    ],
  },
  'share-of-devices': {
    kind: 'recycling-kiosk',
    condition: `{ type: share-of-devices, by: district, any: [{ field: smoke, equals: true }], above_pct: 30,
      devices: 2, heard_within_s: 60, hold_s: 5 }`,
    misfits: [
      [
        `{ type: share-of-devices, by: site, any: [{ field: smok, equals: true }], above_pct: 50, devices: 4,
          heard_within_s: 900 }`,
        /condition\.any\.0\.field.*"smok"/,
      ],
      [
        `{ type: share-of-devices, by: site, any: [{ field: smoke, equals: true }], above_pct: 50, devices: 1,
          heard_within_s: 900 }`,
        /condition\.devices/,
      ],
    ],
  },
  differs: {
    kind: 'recycling-kiosk',
    condition: '{ type: differs, field: smoke, from_field: lit, hold_s: 5 }',
    misfits: [
      ['{ type: differs, field: smok, from_field: lit }', /condition\.field.*"smok"/],
      ['{ type: differs, field: smoke, from_field: li }', /condition\.from_field.*"li"/],
      ['{ type: differs, field: smoke, from_field: smoke }', /condition\.from_field.*same field/],
      ['{ type: differs, field: temp_c, from_field: fill_pct }', /condition\.field.*decimals/],
    ],
  },
  unchanged: {
    kind: 'recycling-kiosk',
    condition: '{ type: unchanged, field: temp_c, for_s: 60 }',
    gapsMs: [0, 30_000, 40_000],
    misfits: [
      ['{ type: unchanged, field: tmp, for_s: 60 }', /condition\.field.*"tmp"/],
      ['{ type: unchanged, field: temp_c, for_s: 5 }', /condition\.for_s/],
    ],
  },
  volume: {
    kind: 'recycling-kiosk',
    condition: '{ type: volume, more_than: 10, below_pct: 50 }',
    gapsMs: [
      ...Array.from({ length: 120 }, () => MINUTE_MS),
      22 * HOUR_MS,
      ...Array.from({ length: 20 }, () => 10 * MINUTE_MS),
    ],
    misfits: [
      ['{ type: volume, event: passage, more_than: 10, quiet_s: 900 }', /condition\.event.*"passage"/],
      ['{ type: volume, more_than: 10 }', /condition\.quiet_s.*one of/],
      ['{ type: volume, more_than: 10, quiet_s: 900, below_pct: 50 }', /condition\.quiet_s.*one of/],
    ],
  },
  absence: {
    kind: 'recycling-kiosk',
    condition: '{ type: absence, silent_for_s: 30 }',
    misfits: [
      ['{ type: absence, silent_for_s: 30, field: tmp }', /condition.*"field"/],
      ['{ type: absence, silent_for_s: 30, of: { tmp: 1 } }', /condition\.of\.tmp.*"tmp"/],
      ['{ type: absence, silent_for_s: 30, while: [{ field: tmp, above: 1 }] }', /condition\.while\.0\.field.*"tmp"/],
    ],
  },
  gateway: {
    kind: 'recycling-kiosk',
    condition: '{ type: gateway }',
    misfits: [['{ type: gateway, field: tmp }', /condition.*"field"/]],
  },
  gathering: {
    kind: 'recycling-kiosk',
    condition: '{ type: gathering, field: smoke, devices: 2, within_s: 20 }',
    misfits: [['{ type: gathering, field: smok, devices: 2, within_s: 20 }', /condition\.field.*"smok"/]],
  },
};
