import { HABITS_OF_NONE, type Habits } from '../../../simulators/devices/habits.ts';
import type { Sender } from '../../../simulators/devices/packets.ts';
import { seedOf } from '../../../simulators/models/chance.ts';
import type { Trouble } from '../../../simulators/models/model.ts';
import { MODELS } from '../../../simulators/models/models.ts';
import type { World } from '../../../simulators/models/world.ts';

export const WORLD: World = { seed: 7, lat: 29.87, lon: 121.55, home: '浙B', storms: [] };

interface Wanted {
  habits?: Partial<Habits>;
  troubles?: Trouble[];
  dark?: Sender['dark'];
  periodS?: number;
}

/** A virtual device of a kind, at the middle of the city. */
export function senderOf(kind: string, id: string, { habits, troubles = [], dark = [], periodS }: Wanted = {}): Sender {
  const model = MODELS.get(kind);
  if (!model) throw new Error(`no model of ${kind}`);
  const being = { id, seed: seedOf(id), lat: WORLD.lat, lon: WORLD.lon, troubles, traits: {} };
  return { being, model, habits: { ...HABITS_OF_NONE, ...habits }, periodS: periodS ?? model.periodS, dark };
}
