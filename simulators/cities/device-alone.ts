import { HABITS_OF_NONE } from '../devices/habits.ts';
import { nextReport, packetsOf, type Sender } from '../devices/packets.ts';
import { seedOf } from '../models/chance.ts';
import type { Model } from '../models/model.ts';
import { MODELS } from '../models/models.ts';
import type { World } from '../models/world.ts';
import { type CityFile, CityFileError, parseCityFile } from './city-file.ts';

interface Alone {
  seed: string;
  fromMs: number;
  forMs: number;
}

/** Somewhere in Ningbo. */
const WORLD: World = { seed: 1, lat: 29.8683, lon: 121.544, home: '浙B', storms: [] };

/** A city of one device, at the place of the others. Throws {@link CityFileError} for a kind that there is none of. */
export function cityOfOne(kind: string): CityFile {
  modelOf(kind);
  const { lat, lon, home } = WORLD;
  return parseCityFile(
    `{ city: alone, title: { zh: 单个, en: Alone }, plan: none, home: ${home},
       middle: { lat: ${lat}, lon: ${lon}, radiusKm: 1 }, districts: ["330203"],
       fleets: [{ name: one, kind: ${kind}, count: 1 }] }`,
    `device ${kind}`,
  );
}

function modelOf(kind: string): Model {
  const model = MODELS.get(kind);
  if (!model) throw new CityFileError(`there is no kind ${kind}; there are ${[...MODELS.keys()].join(', ')}`);
  return model;
}

/**
 * What one device of a kind says in a stretch of time, a JSON line for each message: when, on which channel, and what.
 * Throws {@link CityFileError} for a kind that there is no device of.
 */
export function* tellDevice(kind: string, { seed, fromMs, forMs }: Alone): Generator<string> {
  const model = modelOf(kind);
  const { lat, lon } = WORLD;
  const being = { id: `${kind}-1`, seed: seedOf(`${kind}-${seed}`), lat, lon, troubles: [], traits: {} };
  const sender: Sender = { being, model, habits: HABITS_OF_NONE, periodS: model.periodS, dark: [] };
  const run = { id: 'alone', world: WORLD };
  for (let atMs = nextReport(sender, fromMs); atMs <= fromMs + forMs; atMs = nextReport(sender, atMs)) {
    for (const { dueMs, channel, payload } of packetsOf(sender, atMs, run)) {
      yield `{"at":"${new Date(dueMs).toISOString()}","channel":"${channel}","payload":${payload}}`;
    }
  }
}
