import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { NETWORK_FAULTS } from '../faults/tcp-proxy.ts';
import { MODELS } from '../models/models.ts';

const name = z.string().regex(/^[a-z][a-z0-9-]{0,19}$/, 'is a short word of small letters');
const share = z.number().min(0).max(1);
const kind = z.enum([...MODELS.keys()] as [string, ...string[]]);
const district = z.string().regex(/^\d{6}$/, 'is a code of six digits (GB/T 2260)');

const speech = z.strictObject({
  protocol: z.enum(['mqtt', 'http']).default('mqtt'),
  /** Of MQTT: 4 is 3.1.1. */
  version: z.union([z.literal(4), z.literal(5)]).default(4),
  qos: z.union([z.literal(0), z.literal(1)]).default(1),
  tls: z.boolean().default(false),
});

const habits = z.strictObject({
  duplicates: share.default(0),
  reordered: share.default(0),
  broken: share.default(0),
  /** A gateway believes clocks that are up to five minutes ahead. */
  clockSkewS: z.number().min(0).max(200).default(0),
  clockDriftPpm: z.number().min(0).max(2_000).default(0),
  outagesPerDay: z.number().min(0).max(200).default(0),
  outageMin: z.number().min(0).max(600).default(0),
  withoutIds: share.default(0),
});

const fleet = z.strictObject({
  name,
  kind,
  count: z.int().min(1).max(60_000),
  /** How often each reports; what is usual for its kind where it is absent. */
  periodS: z.number().min(0.5).max(86_400).optional(),
  speech: speech.prefault({}),
  habits: habits.prefault({}),
  /** What all of them have, such as lanes of a checkpoint. */
  traits: z.record(z.string().regex(/^[a-zA-Z]{1,24}$/), z.union([z.number(), z.string()])).default({}),
  /** Shares of a trait: `{ trait: class, shares: { taxi: 3, coach: 1 } }`. */
  mix: z.strictObject({ trait: z.string(), shares: z.record(z.string(), z.number().positive()) }).optional(),
  /** The fleet whose devices are its parents, in equal parts. */
  under: name.optional(),
  /** Of cameras: each also answers ONVIF and RTSP at its own address, and so many are looked at all the time. */
  video: z.strictObject({ watched: z.int().min(0).max(200) }).optional(),
});

/** What can be made to happen. A trouble of devices is one that their model knows. */
const TROUBLE = z.enum(['fire', 'full', 'wanted', 'sos', 'tamper', 'fault']);
const atS = z.number().min(0).max(86_400);
const forS = z.number().positive().max(86_400);
const program = z.string().regex(/^[a-zA-Z0-9._-]{1,15}$/, 'is the name of a program as `ps` shows it');
const happening = z.union([
  z.strictObject({
    atS,
    do: TROUBLE,
    fleet: name,
    /** So many devices, chosen by the seed. */
    count: z.int().min(1).max(10_000).default(1),
    forS: forS.default(60),
    plate: z.string().max(16).optional(),
    /** The command centre has to hear of it within so many seconds. */
    alertWithinS: z.number().positive().max(600).optional(),
    /** And, when it is over, within so many that it is: only where the device says nothing else that keeps it open. */
    clearWithinS: z.number().positive().max(600).optional(),
  }),
  z.strictObject({ atS, do: z.literal('power-cut'), district, forS }),
  z.strictObject({ atS, do: z.literal('storm'), forS, peakMmh: z.number().positive().max(200) }),
  /** All processes of the gateway with this name of a program stand still, or are ended at once. */
  z.strictObject({ atS, do: z.literal('stop'), program, forS }),
  z.strictObject({ atS, do: z.literal('kill'), program }),
  /** The file system that the gateway keeps its messages on has no room left. */
  z.strictObject({ atS, do: z.literal('fill-disk'), forS }),
  /** Between the devices of a district and the gateway. */
  z.strictObject({
    atS,
    do: z.literal('network'),
    district,
    fault: z.enum(NETWORK_FAULTS),
    delayMs: z.number().min(1).max(30_000).default(300),
    forS,
  }),
  /** Strangers guess the logins of so many devices, and send noise. */
  z.strictObject({
    atS,
    do: z.literal('attack'),
    fleet: name,
    count: z.int().min(1).max(20).default(1),
    perS: z.number().min(1).max(500).default(20),
    forS,
  }),
  /** So many devices are replaced by new units: those before have to be refused from then on. */
  z.strictObject({ atS, do: z.literal('swap'), fleet: name, count: z.int().min(1).max(100).default(1) }),
]);

/** Promises that a run is judged by; each may be made stricter. */
const promises = z.strictObject({
  lost: z.int().min(0).default(0),
  doubled: z.int().min(0).default(0),
  ackP99Ms: z.number().positive().default(2_000),
  /** All lights are green so long after the end of a fault. */
  wellWithinS: z.number().positive().max(600).default(60),
});

const cityFile = z.strictObject({
  city: name,
  title: z.strictObject({ zh: z.string().min(1), en: z.string().min(1) }),
  /** Where its quantities come from. */
  plan: z.string().min(1),
  home: z.string().min(2).max(3),
  middle: z.strictObject({
    lat: z.number().min(-90).max(90),
    lon: z.number().min(-180).max(180),
    radiusKm: z.number().positive().max(200),
  }),
  districts: z.array(district).min(1).max(40),
  fleets: z.array(fleet).min(1).max(40),
  timeline: z.array(happening).max(200).default([]),
  promises: promises.prefault({}),
});

export type CityFile = z.infer<typeof cityFile>;
export type FleetFile = CityFile['fleets'][number];
export type Happening = CityFile['timeline'][number];

/** A city file that is wrong, in one sentence that names the place and what would be right. */
export class CityFileError extends Error {}

/** Reads and checks the file of a city. Throws {@link CityFileError}. */
export async function readCityFile(path: string): Promise<CityFile> {
  const text = await readFile(path, 'utf8').catch(() => {
    throw new CityFileError(`there is no city file ${path}`);
  });
  return parseCityFile(text, path);
}

/** As {@link readCityFile}, of a text; `path` is named in what is said of it. */
export function parseCityFile(text: string, path: string): CityFile {
  const given = parseYaml(text, path);
  const result = cityFile.safeParse(given);
  if (!result.success) {
    const [first] = result.error.issues;
    throw new CityFileError(`${path}: ${first?.path.join('.') || 'the file'}: ${first?.message ?? 'is wrong'}`);
  }
  const problem = looseEnd(result.data);
  if (problem) throw new CityFileError(`${path}: ${problem}`);
  return result.data;
}

function parseYaml(text: string, path: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    const [first = 'is no YAML'] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw new CityFileError(`${path}: ${first}`);
  }
}

/** Whatever the shape alone does not show. */
function looseEnd({ fleets, timeline, districts }: CityFile): string | null {
  const named = new Map(fleets.map((one) => [one.name, one]));
  if (named.size < fleets.length) return 'fleets: two have the same name';
  for (const { name: own, under, kind: of, mix, video, count } of fleets) {
    if (of === 'gateway') return `fleets.${own}: the kind gateway is the gateway itself, no device of a city`;
    if (under === own || (under !== undefined && !named.has(under))) return `fleets.${own}: under names no other fleet`;
    if (under !== undefined && named.get(under)?.under) return `fleets.${own}: stands two levels deep; one is enough`;
    if (video && of !== 'camera') return `fleets.${own}.video: only devices of the kind camera have video`;
    if (video && video.watched > count) return `fleets.${own}.video.watched: ${video.watched} are more than it has`;
    if (mix && Object.keys(mix.shares).length === 0) return `fleets.${own}.mix: shares are missing`;
  }
  for (const [at, one] of timeline.entries()) {
    const problem = wrongHappening(one, named, districts);
    if (problem) return `timeline.${at}: ${problem}`;
  }
  return null;
}

function wrongHappening(one: Happening, named: Map<string, FleetFile>, districts: readonly string[]): string | null {
  if (one.do === 'storm' || one.do === 'stop' || one.do === 'kill' || one.do === 'fill-disk') return null;
  if (one.do === 'power-cut' || one.do === 'network') {
    return districts.includes(one.district) ? null : `${one.district} is none of the city's districts`;
  }
  const fleetOf = named.get(one.fleet);
  if (!fleetOf) return `there is no fleet ${one.fleet}`;
  if (one.count > fleetOf.count) return `${one.count} are more than the fleet ${one.fleet} has`;
  if (one.do === 'attack' || one.do === 'swap') return null;
  const known = MODELS.get(fleetOf.kind)?.troubles ?? [];
  if (!known.includes(one.do)) {
    return `${one.do} cannot befall a ${fleetOf.kind}${known.length > 0 ? `; ${known.join(', ')} can` : ''}`;
  }
  if (one.do === 'wanted' && !one.plate) return 'wanted needs a plate';
  return null;
}
