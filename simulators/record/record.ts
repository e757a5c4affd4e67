import { z } from 'zod';
import { type GatewayClient, GatewayError } from '../gateway-client.ts';
import { Pseudonyms } from './pseudonyms.ts';
import { type RecordedDevice, type Recording, RecordingError, type Said } from './recording.ts';

const PAGE = 500;
const FIELDS_MAX = 50;
const POINTS_MAX = 10_000;
/** A stretch that surely holds fewer points of one device than one answer can. */
const STRETCH_MS = 3_600_000;
const DEVICES_MAX = 20_000;
const AT_ONCE = 4;
/** Places are known to about a kilometre, as where a device stands may tell whose it is. */
const PLACE = 100;
/** Names of pictures at the gateway that was recorded: they are nowhere else. */
const DROPPED = new Set(['images']);

const devicePage = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      kind: z.string(),
      jurisdiction: z.string(),
      location: z.object({ lat: z.number(), lon: z.number() }).nullish(),
    }),
  ),
  next: z.string().optional(),
});
type Found = z.infer<typeof devicePage>['items'][number];

const fields = z.record(z.string(), z.object({ sensitive: z.string().optional() }));
const kindPage = z.object({
  items: z.array(z.object({ kind: z.string(), fields, events: z.record(z.string(), z.object({ fields })) })),
});
type Kind = z.infer<typeof kindPage>['items'][number];

const points = z.object({
  points: z.array(z.object({ at: z.string(), values: z.record(z.string(), z.unknown()) })),
  truncated: z.boolean(),
});
const eventPage = z.object({
  items: z.array(z.object({ type: z.string(), at: z.string(), data: z.record(z.string(), z.unknown()) })),
  next: z.string().optional(),
});

export interface RecordOptions {
  gateway: Pick<GatewayClient, 'call'>;
  /** Where it came from, as it stands in the recording. */
  origin: string;
  fromMs: number;
  toMs: number;
  say(text: string): void;
  signal: AbortSignal;
  pseudonyms?: Pseudonyms;
}

/**
 * What a gateway's devices said in a stretch of time, as it keeps it and as far as the token may see it: readings and
 * events by the times of the devices. Ids, plates and people get other names, places are rounded, no picture is kept.
 */
export async function recordTraffic(options: RecordOptions): Promise<Recording> {
  const { gateway, origin, fromMs, toMs, say, signal, pseudonyms = new Pseudonyms() } = options;
  const kinds = new Map(kindPage.parse((await gateway.call('GET', '/kinds')).body).items.map((one) => [one.kind, one]));
  const found = await devicesOf(gateway);
  const devices: RecordedDevice[] = [];
  const said: Said[] = [];
  const waiting = found.values();
  let looked = 0;
  const worker = async (): Promise<void> => {
    for (const one of waiting) {
      signal.throwIfAborted();
      const kind = kinds.get(one.kind);
      const records = kind ? await saidBy({ gateway, kind, id: one.id, fromMs, toMs, pseudonyms }) : [];
      looked += 1;
      if (looked % PAGE === 0) say(`${looked} of ${found.length} devices`);
      if (records.length === 0) continue;
      const device = devices.length;
      devices.push({ device, kind: one.kind, district: one.jurisdiction, ...placeOf(one) });
      for (const record of records) said.push({ ...record, of: device });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  said.sort((a, b) => a.atMs - b.atMs);
  return { head: { recording: 1, fromMs, toMs, gateway: origin }, devices, said };
}

function placeOf({ location }: Found): { lat: number; lon: number } {
  const [lat = 0, lon = 0] = [location?.lat, location?.lon].map((one) => Math.round((one ?? 0) * PLACE) / PLACE);
  return { lat, lon };
}

async function devicesOf(gateway: Pick<GatewayClient, 'call'>): Promise<Found[]> {
  const found: Found[] = [];
  for (let cursor: string | undefined; ; ) {
    const query = new URLSearchParams({ limit: `${PAGE}`, ...(cursor === undefined ? {} : { cursor }) });
    const { items, next } = devicePage.parse((await gateway.call('GET', `/devices?${query}`)).body);
    found.push(...items);
    if (found.length > DEVICES_MAX) throw new RecordingError(`there are more than ${DEVICES_MAX} devices to record`);
    if (next === undefined) return found;
    cursor = next;
  }
}

interface Question {
  gateway: Pick<GatewayClient, 'call'>;
  kind: Kind;
  id: string;
  fromMs: number;
  toMs: number;
  pseudonyms: Pseudonyms;
}

async function saidBy(question: Question): Promise<Said[]> {
  const { fromMs, toMs } = question;
  const all: Said[] = [];
  for (let atMs = fromMs; atMs < toMs; atMs += STRETCH_MS) {
    const stretch = { ...question, fromMs: atMs, toMs: Math.min(toMs, atMs + STRETCH_MS) };
    all.push(...(await readings(stretch)), ...(await events(stretch)));
  }
  return all.map((one) => ({ ...one, atMs: one.atMs - fromMs }));
}

function rangeOf({ fromMs, toMs }: Question): Record<'from' | 'to', string> {
  return { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
}

async function readings(question: Question): Promise<Said[]> {
  const { gateway, kind, id, pseudonyms } = question;
  const names = Object.keys(kind.fields);
  const byTime = new Map<string, Record<string, unknown>>();
  for (let at = 0; at < names.length; at += FIELDS_MAX) {
    const words = { fields: names.slice(at, at + FIELDS_MAX).join(','), limit: `${POINTS_MAX}`, ...rangeOf(question) };
    const answer = await ask(gateway, `/devices/${id}/history?${new URLSearchParams(words)}`);
    if (answer === null) return [];
    for (const point of points.parse(answer).points) {
      byTime.set(point.at, { ...byTime.get(point.at), ...hidden(point.values, kind.fields, pseudonyms) });
    }
  }
  return [...byTime].map(([at, values]) => ({ of: 0, atMs: Date.parse(at), values }));
}

async function events(question: Question): Promise<Said[]> {
  const { gateway, kind, id, pseudonyms } = question;
  const all: Said[] = [];
  for (let cursor: string | undefined; ; ) {
    const words = { limit: `${PAGE}`, ...rangeOf(question), ...(cursor === undefined ? {} : { cursor }) };
    const answer = await ask(gateway, `/devices/${id}/events?${new URLSearchParams(words)}`);
    if (answer === null) return all;
    const { items, next } = eventPage.parse(answer);
    for (const { type, at, data } of items) {
      const known = kind.events[type]?.fields;
      if (known) all.push({ of: 0, atMs: Date.parse(at), type, data: hidden(data, known, pseudonyms) });
    }
    if (next === undefined) return all;
    cursor = next;
  }
}

/** Null of a device that was retired meanwhile, or of which the token may see no values. */
async function ask(gateway: Pick<GatewayClient, 'call'>, path: string): Promise<unknown> {
  try {
    return (await gateway.call('GET', path)).body;
  } catch (error) {
    if (error instanceof GatewayError && (error.status === 403 || error.status === 404)) return null;
    throw error;
  }
}

/** Fields that the kind knows, without those that have no value. */
function hidden(values: Record<string, unknown>, known: z.infer<typeof fields>, pseudonyms: Pseudonyms) {
  const kept = Object.entries(values).flatMap(([name, value]): [string, unknown][] => {
    const spec = known[name];
    if (!spec || value === null || DROPPED.has(name)) return [];
    const other = pseudonyms.of(name, value, spec.sensitive ?? null);
    return other === null ? [] : [[name, other]];
  });
  return Object.fromEntries(kept);
}
