import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Packet } from '../devices/packets.ts';
import type { Manner } from '../links/link.ts';
import type { StoreWords } from '../report/store.ts';

const words = z.string().min(1).max(400);

/** What stands for something in a driver's texts, as `<device>`. */
const driverFile = z.strictObject({
  driver: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'is a short name of small letters'),
  mqtt: z.strictObject({
    /** Texts may hold `<device>`, the topic `<kind>` and `<channel>` (telemetry or event) too. */
    clientId: words.default('<device>'),
    username: words.nullable().default(null),
    password: words.nullable().default(null),
    topic: words.regex(/^[^+#]*<device>[^+#]*$/, 'holds <device>, and no + or #'),
  }),
  /**
   * One record as JSON. A text that is a placeholder alone becomes what it stands for: `<ts>` (Unix ms), `<id>`,
   * `<device>`, `<kind>`, `<channel>`, `<type>` of an event, and `<values>`, an object of all values.
   */
  payload: z.record(z.string(), z.unknown()),
  /** How several records go into one message: as a JSON array, or each as a message of its own. */
  batches: z.enum(['array', 'single']).default('array'),
  store: z.strictObject({
    /** InfluxQL with `<kind>`, `<from>` and `<to>` (Unix ms, the second not included), grouped by the device's tag. */
    query: z
      .string()
      .max(2_000)
      .refine((text) => ['<from>', '<to>'].every((one) => text.includes(one)), 'holds <from> and <to>'),
    deviceTag: words,
  }),
});
type DriverFile = z.infer<typeof driverFile>;

/** A driver that is wrong, in one sentence that names the place and what would be right. */
export class DriverError extends Error {}

interface Speaker {
  device: string;
  kind: string;
}

interface Told {
  ts: number;
  id?: string;
  type?: string;
  values?: Record<string, unknown>;
  data?: Record<string, unknown>;
}

const PLACEHOLDER = /<(device|kind|channel|ts|id|type|values)>/g;

/** How another gateway is spoken to, and how what it stored is read: its broker, its form of messages, its store. */
export class Driver {
  readonly #file: DriverFile;

  constructor(file: DriverFile) {
    this.#file = file;
  }

  get name(): string {
    return this.#file.driver;
  }

  get storeWords(): StoreWords {
    const { query, deviceTag } = this.#file.store;
    return {
      deviceTag,
      // A kind is one of this repository's names, and holds no quote.
      queryOf: (kind, fromMs, toMs) => filled(query, { kind, from: `${fromMs}`, to: `${toMs + 1}` }),
    };
  }

  /** How a device connects, and where it publishes; it says nothing but its readings and events. */
  mannerOf({ device, kind }: Speaker): Manner {
    const { clientId, username, password, topic } = this.#file.mqtt;
    const fill = (text: string): string => filled(text, { device, kind });
    return {
      clientId: fill(clientId),
      username: username && fill(username),
      password: password && fill(password),
      topicOf: (channel) =>
        channel === 'telemetry' || channel === 'event' ? filled(topic, { device, kind, channel }) : null,
    };
  }

  /** The messages that a packet becomes. What nobody can read stays as it is. */
  packetsOf(packet: Packet, speaker: Speaker): Packet[] {
    const { payload, channel, fate, tsMs } = packet;
    if (fate === 'refused') return [packet];
    const told = JSON.parse(payload) as Told | Told[];
    const all = [told].flat().map((one) => this.#formed(one, { ...speaker, channel }));
    if (Array.isArray(told) && this.#file.batches === 'array') return [{ ...packet, payload: JSON.stringify(all) }];
    return all.map((one, at) => ({ ...packet, payload: JSON.stringify(one), tsMs: tsMs.slice(at, at + 1) }));
  }

  #formed({ ts, id, type, values, data }: Told, about: Speaker & { channel: string }): unknown {
    const known: Record<string, unknown> = { ...about, ts, id, type, values: values ?? data };
    return form(this.#file.payload, known);
  }
}

/** Fills placeholders at any depth; what a record has none of is left out. */
function form(shape: unknown, known: Record<string, unknown>): unknown {
  if (typeof shape === 'string') {
    const [, alone] = /^<(\w+)>$/.exec(shape) ?? [];
    return alone !== undefined && alone in known ? known[alone] : filled(shape, known);
  }
  if (Array.isArray(shape)) return shape.map((one) => form(one, known));
  if (typeof shape !== 'object' || shape === null) return shape;
  return Object.fromEntries(Object.entries(shape).map(([name, one]) => [name, form(one, known)]));
}

function filled(text: string, known: Record<string, unknown>): string {
  return text.replace(/<(\w+)>/g, (mark, name: string) => (name in known ? String(known[name] ?? '') : mark));
}

/** Reads and checks a driver. Throws {@link DriverError}. */
export async function readDriver(path: string): Promise<Driver> {
  const text = await readFile(path, 'utf8').catch(() => {
    throw new DriverError(`there is no driver ${path}`);
  });
  return parseDriver(text, path);
}

/** As {@link readDriver}, of a text; `path` is named in what is said of it. */
export function parseDriver(text: string, path: string): Driver {
  let given: unknown;
  try {
    given = parse(text);
  } catch (error) {
    const [first = 'is no YAML'] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw new DriverError(`${path}: ${first}`);
  }
  const result = driverFile.safeParse(given);
  if (!result.success) {
    const [first] = result.error.issues;
    throw new DriverError(`${path}: ${first?.path.join('.') || 'the file'}: ${first?.message ?? 'is wrong'}`);
  }
  const shape = JSON.stringify(result.data.payload);
  if (![...shape.matchAll(PLACEHOLDER)].some(([, name]) => name === 'ts')) {
    throw new DriverError(`${path}: payload: holds no "<ts>", by which a record is known in the store`);
  }
  return new Driver(result.data);
}
