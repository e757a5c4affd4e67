import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { ANSWERS } from './obedience.ts';

const id = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);
const lat = z.number().min(-90).max(90);
const lon = z.number().min(-180).max(180);
const place = { id, zh: z.string().min(1).max(60), en: z.string().min(1).max(60), lat, lon };
const cameras = z.array(id).max(16).default([]);
/** How it answers commands: as it should, or as those do that make trouble. */
const answers = z.enum(ANSWERS).default('once');

const camera = z.strictObject({
  ...place,
  address: z.string().regex(/^127\.64\.\d{1,3}\.\d{1,3}$/, 'virtual cameras live in 127.64.0.0/16'),
  rtspAuth: z.enum(['none', 'basic', 'digest']).default('digest'),
  onvifAuth: z.enum(['wsse', 'digest', 'both']).default('both'),
});

const checkpoint = z.strictObject({
  ...place,
  cameras,
  lanes: z.int().min(1).max(16),
  passagesPerMin: z.number().min(0).max(600),
  answers,
});

const kiosk = z.strictObject({ ...place, cameras, answers });

/** What can be made to happen; each names a device of the right sort. */
const incident = z.enum([
  'kiosk-fire',
  'kiosk-fire-out',
  'kiosk-full',
  'kiosk-emptied',
  'wanted-plate',
  'camera-dies',
  'camera-returns',
  'camera-freezes',
  'camera-thaws',
]);

const scenario = z.strictObject({
  scenario: z.string(),
  title: z.strictObject({ zh: z.string(), en: z.string() }),
  jurisdiction: z.string().regex(/^\d{6}$/),
  /** Prefix of most number plates there. */
  home: z.string().default('浙B'),
  onvifPort: z.int().min(0).max(65_535),
  rtspPort: z.int().min(0).max(65_535),
  kioskPeriodS: z.number().min(0.2).default(60),
  checkpointPeriodS: z.number().min(0.2).default(60),
  watchlist: z
    .strictObject({
      name: z.string(),
      reason: z.string(),
      case: z.string(),
      plates: z.array(z.strictObject({ plate: z.string(), reason: z.string() })),
    })
    .optional(),
  /** A command centre that receives alerts on this address. */
  centre: z.strictObject({ name: z.string(), address: z.string(), port: z.int().default(0) }).optional(),
  cameras: z.array(camera),
  checkpoints: z.array(checkpoint),
  kiosks: z.array(kiosk),
  timeline: z.array(
    z.strictObject({
      /** Seconds after everything is connected. */
      atS: z.number().min(0),
      do: incident,
      device: id,
      plate: z.string().optional(),
    }),
  ),
});

export type Scenario = z.infer<typeof scenario>;
export type Happening = Scenario['timeline'][number];

/** Reads and checks a scenario file. Throws an error with one sentence that names the file and the place. */
export async function readScenario(path: string): Promise<Scenario> {
  const result = scenario.safeParse(parse(await readFile(path, 'utf8')));
  if (!result.success) {
    const first = result.error.issues[0];
    throw new Error(`${path}: ${first?.path.join('.') || 'the file'}: ${first?.message ?? 'is wrong'}`);
  }
  const problem = findLooseEnd(result.data);
  if (problem) throw new Error(`${path}: ${problem}`);
  return result.data;
}

/**
 * The scenario under names of its own: every id, and the names of subscription and watchlist, begin with `prefix`.
 * Throws where an id would become no id.
 */
export function withPrefix(scenario: Scenario, prefix: string): Scenario {
  if (prefix === '') return scenario;
  const named = (name: string): string => {
    const whole = `${prefix}${name}`;
    if (!id.safeParse(whole).success) throw new Error(`--prefix: ${whole} is no id of a device`);
    return whole;
  };
  const { watchlist, centre, timeline } = scenario;
  const seen = <Thing extends { id: string; cameras: string[] }>(thing: Thing): Thing => ({
    ...thing,
    id: named(thing.id),
    cameras: thing.cameras.map(named),
  });
  return {
    ...scenario,
    ...(watchlist ? { watchlist: { ...watchlist, name: `${prefix} ${watchlist.name}` } } : {}),
    ...(centre ? { centre: { ...centre, name: `${prefix} ${centre.name}` } } : {}),
    cameras: scenario.cameras.map((one) => ({ ...one, id: named(one.id) })),
    checkpoints: scenario.checkpoints.map(seen),
    kiosks: scenario.kiosks.map(seen),
    timeline: timeline.map((happening) => ({ ...happening, device: named(happening.device) })),
  };
}

/** Every id once, every reference to something that is there and of the right sort. */
function findLooseEnd({ cameras: seeing, checkpoints, kiosks, timeline }: Scenario): string | null {
  const all = [...seeing, ...checkpoints, ...kiosks].map((device) => device.id);
  const double = all.find((name, index) => all.indexOf(name) !== index);
  if (double) return `the id ${double} stands there twice`;
  const cameraIds = new Set(seeing.map((device) => device.id));
  for (const device of [...checkpoints, ...kiosks]) {
    const missing = device.cameras.find((name) => !cameraIds.has(name));
    if (missing) return `${device.id} is seen by ${missing}, which is no camera of this scenario`;
  }
  const sorts = { camera: seeing, kiosk: kiosks, wanted: checkpoints };
  for (const happening of timeline) {
    const sort = happening.do.split('-')[0] as keyof typeof sorts;
    if (!sorts[sort].some((device) => device.id === happening.device)) {
      return `timeline: ${happening.do} cannot happen to ${happening.device}`;
    }
    if (happening.do === 'wanted-plate' && !happening.plate) return 'timeline: wanted-plate needs a plate';
  }
  return null;
}
