import { deepStrictEqual, equal, fail } from 'node:assert/strict';
import fc from 'fast-check';
import { type Clock, systemClock } from '../../../../src/core/clock.ts';
import type { CitywatchError } from '../../../../src/core/errors.ts';
import { codeAlone, covers } from '../../../../src/core/jurisdiction.ts';
import type { Device } from '../../../../src/core/types.ts';
import type { Hanging } from '../../../../src/devices/registry/tables.ts';
import { sql } from '../../../../src/platform/database/database.ts';
import type { Owner } from '../../services/services.ts';
import { callerIn, kiosk, openRegistry } from '../registry.ts';
import { openUnits, unitOf } from '../units.ts';

/** Worlds behind which the statistics of the database are taken. */
const ANALYZED_EVERY = 200;
const PLACES = 2;
const SERIALS = 2;
const AREAS = ['330212', '330203'] as const;
const CITY = callerIn('330200');

type Step = { at: number; unit: number; by: number; clockMs: number } & {
  type: 'assign' | 'swap' | 'swap-late' | 'take-down' | 'undo' | 'move' | 'rush';
};

interface Stay {
  serial: string | null;
  how: Hanging;
  /** What opens the door of the place while it hangs there. */
  secret?: string;
}

interface Place {
  id: string;
  jurisdiction: string;
  stays: Stay[];
  /** All that ever opened its door. */
  secrets: Set<string>;
}

const step: fc.Arbitrary<Step> = fc.record({
  type: fc.constantFrom(
    'assign',
    'swap',
    'swap',
    'swap-late',
    'take-down',
    'take-down',
    'undo',
    'undo',
    'move',
    'rush',
  ),
  at: fc.nat(PLACES - 1),
  unit: fc.nat(SERIALS - 1),
  by: fc.constantFrom(0, 0, 0, 1, 2),
  clockMs: fc.integer({ min: -5_000, max: 5_000 }),
});

/** What the step should do to the model: the stay that begins, or the code of the refusal. */
function expected({ places, began, names }: World, { type, at, unit, by }: Step): Stay | string {
  const place = places[at]!;
  const { jurisdiction, stays } = place;
  if (by > 0 && !covers(codeAlone(AREAS[by - 1]!), jurisdiction)) return 'not-found';
  const now = stays.at(-1)!;
  const serial = names[unit]!;
  const hangs = (name: string | null) => name !== null && places.some((one) => one.stays.at(-1)?.serial === name);
  const refused = 'conflict.state';
  switch (type) {
    case 'assign':
      return now.serial !== null || hangs(serial) ? refused : { serial, how: 'assigned' };
    case 'swap':
      return hangs(serial) ? refused : { serial, how: 'swapped' };
    case 'take-down':
      return now.serial === null ? refused : { serial: null, how: 'taken-down' };
    case 'undo': {
      const before = stays.at(-2);
      if (!before || now.how === 'undone' || now.how === 'registered' || hangs(before.serial)) return refused;
      const last = began.findLast(({ serial: one }) => one === before.serial);
      if (last && last.place !== place) return refused;
      return { serial: before.serial, how: 'undone' };
    }
    default:
      return refused;
  }
}

interface World {
  places: Place[];
  /** The place of each stay of a unit that has a name, in the order in which they began. */
  began: { serial: string; place: Place }[];
  /** Serial numbers. */
  names: string[];
}

async function openWorlds(t: Owner) {
  let atMs = Date.UTC(2026, 10, 1);
  const clock: Clock = Object.assign(Object.create(systemClock), { nowMs: () => atMs });
  const { registry, ...parts } = await openRegistry(t, { clock });
  const { units, history } = openUnits({ registry, ...parts }, clock);
  let count = 0;
  const open = async (): Promise<World> => {
    // As the database of a gateway does by itself; that of tests is told to leave it.
    if (count % ANALYZED_EVERY === 0) await sql`analyze`.execute(parts.database.tables());
    count += 1;
    const names = Array.from({ length: SERIALS }, (_, number) => `W${count}-${number}`);
    const ids = Array.from({ length: PLACES }, (_, number) => `w${count}-${number}`);
    const places: Place[] = [];
    for (const id of ids) {
      const { secret } = await registry.create(CITY, kiosk({ id, confirm: true }));
      const stays: Stay[] = [{ serial: null, how: 'registered', secret }];
      places.push({ id, jurisdiction: AREAS[0], stays, secrets: new Set([secret]) });
    }
    return { names, began: [], places };
  };
  const later = (ms: number): void => {
    atMs += ms;
  };
  return { registry, units, history, directory: parts.directory, open, later };
}

type Worlds = Awaited<ReturnType<typeof openWorlds>>;

async function take(
  { units, registry }: Worlds,
  { places, names }: World,
  { type, at, by, unit }: Step,
): Promise<{ device: Device; secret?: string }> {
  const caller = by === 0 ? CITY : callerIn(AREAS[by - 1]!);
  const { id } = places[at]!;
  const seen = await registry.get(CITY, id);
  const end = { replaces: type === 'swap-late' ? 'another' : seen.unit!.id, reason: type };
  const label = unitOf(names[unit]!);
  if (type === 'assign') return { device: await units.assign(caller, id, { unit: label, reason: null }) };
  if (type === 'take-down') return await units.takeDown(caller, id, end);
  if (type === 'undo') return { device: await units.undo(caller, id, end) };
  return await units.swap(caller, id, { unit: label, ...end });
}

/** Takes a step in the registry and in the model, and says where they differ. */
async function takeBoth(worlds: Worlds, world: World, one: Step): Promise<void> {
  const { places, names } = world;
  const place = places[one.at]!;
  const begin = (where: Place, stay: Stay): void => {
    const secret = stay.secret ?? secretOf(where, stay);
    where.stays.push({ ...stay, secret });
    where.secrets.add(secret);
    if (stay.serial !== null) world.began.push({ serial: stay.serial, place: where });
  };
  worlds.later(one.clockMs);
  if (one.type === 'move') {
    const { version } = await worlds.registry.get(CITY, place.id);
    place.jurisdiction = AREAS.find((area) => area !== place.jurisdiction)!;
    const patch = { jurisdiction: place.jurisdiction, confirm: true };
    await worlds.registry.update(CITY, place.id, version, patch);
    return;
  }
  if (one.type === 'rush') {
    const swaps = places.map((_, at) => take(worlds, world, { ...one, at, by: 0 }).catch(() => null));
    for (const [at, done] of (await Promise.all(swaps)).entries())
      if (done) begin(places[at]!, { serial: names[one.unit]!, how: 'swapped', secret: done.secret! });
    return;
  }
  const wanted = expected(world, one);
  let secret: string | undefined;
  const made = await take(worlds, world, one).then(
    ({ device: { unit }, ...told }): Stay | string => {
      secret = told.secret;
      return { serial: unit?.serial ?? null, how: (wanted as Stay).how };
    },
    ({ code }: CitywatchError) => code,
  );
  deepStrictEqual(made, wanted, one.type);
  if (typeof wanted !== 'string') begin(place, { ...wanted, ...(secret && { secret }) });
}

/** A unit that is assigned has what the place was given; one that hangs there again has what it had. */
function secretOf({ stays }: Place, { how }: Stay): string {
  const now = stays.at(-1)!;
  const isBack = how === 'undone' && now.how !== 'assigned';
  return (isBack ? stays.at(-2)! : now).secret!;
}

/** Compares what each caller is shown with the model, and looks for gaps and overlaps. */
async function check({ history, directory }: Worlds, { places, names }: World): Promise<void> {
  for (const { id, stays, secrets } of places) {
    const { secret } = stays.at(-1)!;
    for (const one of secrets)
      equal(directory.authenticate(id, one) !== null, one === secret, `who is let in at ${id}`);
  }
  for (const caller of [CITY, ...AREAS.map((area) => callerIn(area))]) {
    const mine = places.filter(({ jurisdiction }) => covers(codeAlone(caller.jurisdiction), jurisdiction));
    for (const place of places) {
      const shown = (await history.ofPosition(caller, place.id, { limit: 500 })).items.toReversed();
      const got = shown.map(({ unit, how }) => ({ serial: unit.serial, how }));
      const wanted = place.stays.map(({ serial, how }) => ({ serial, how }));
      deepStrictEqual(got, mine.includes(place) ? wanted : [], `the history of ${place.id}`);
      for (const [index, { toMs }] of shown.entries())
        equal(toMs, shown[index + 1]?.fromMs ?? null, `${place.id} has neither gap nor overlap`);
    }
    for (const name of names) {
      const items = (await history.ofUnit(caller, { serial: name }, { limit: 500 })).items.toReversed();
      const wanted = mine.flatMap(({ stays }) => stays.filter(({ serial }) => serial === name)).length;
      equal(items.length, wanted, `where ${name} hung`);
      for (const [index, { toMs }] of items.entries()) {
        const next = items[index + 1];
        if (next && (toMs === null || toMs > next.fromMs)) fail(`${name} hung at two places at once`);
      }
    }
  }
}

/** Random steps against a model that is a list for each position; each sequence ends with a comparison of all. */
export async function runSequences(t: Owner, { count, steps, seed }: { count: number; steps: number; seed: number }) {
  const worlds = await openWorlds(t);
  const property = fc.asyncProperty(
    fc.array(step, { minLength: 5, maxLength: steps, size: 'max' }),
    async (sequence) => {
      const world = await worlds.open();
      for (const one of sequence) await takeBoth(worlds, world, one);
      await check(worlds, world);
    },
  );
  await fc.assert(property, { numRuns: count, seed });
}
