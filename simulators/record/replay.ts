import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Citizen } from '../cities/city.ts';
import { CityFileError } from '../cities/city-file.ts';
import { until } from '../cities/hearing.ts';
import { countedBetween, readBooks, readBooksAfter } from '../cities/looks/books.ts';
import { StageWatch } from '../cities/looks/stages.ts';
import { Provision } from '../cities/provision.ts';
import { headOf, type RunOptions, settle, writeVerdict } from '../cities/run.ts';
import { isLoopback } from '../cities/targets.ts';
import { pause, watch } from '../cities/watch.ts';
import { HABITS_OF_NONE } from '../devices/habits.ts';
import type { Packet } from '../devices/packets.ts';
import { Fleet } from '../fleet/fleet.ts';
import { Ledger } from '../fleet/ledger.ts';
import { line } from '../fleet/ledger-lines.ts';
import { GatewayClient } from '../gateway-client.ts';
import type { Model } from '../models/model.ts';
import type { Verdict } from '../report/verdict.ts';
import type { RecordedDevice, Recording, Said } from './recording.ts';

const CONNECT_MS = 120_000;
const ANSWERS_WAIT_MS = 15_000;
const BOOKS_WAIT_MS = 20_000;
const BEGIN_AFTER_MS = 1_000;

/** A recording, and how many times as fast as it was recorded it is sent again. */
export interface Replay {
  recording: Recording;
  speed: number;
}

/**
 * Sends a recording to a gateway, each record at its own moment whatever the gateway does, by devices of the run's own
 * prefix and with ids of the run, and judges what became of it. Which alerts come of it is not judged.
 */
export async function replay(options: RunOptions, { recording, speed }: Replay): Promise<Verdict> {
  const { doors, token, prefix, run, say, signal } = options;
  if (!(speed > 0 && speed <= 1_000)) throw new CityFileError('--speed is more than 0, and 1000 at most');
  const gateway = new GatewayClient(doors.http.href, token);
  const provision = new Provision(gateway, prefix);
  await mkdir(options.out, { recursive: true });
  const path = join(options.out, 'ledger.txt');
  const ledger = await Ledger.create(path);
  const citizens = recording.devices.map((one) => citizenOf(one, prefix));
  const saidBy = new Map<number, Said[]>(recording.devices.map(({ device }) => [device, []]));
  for (const one of recording.said) saidBy.get(one.of)?.push(one);
  say(`${citizens.length} devices, ${recording.said.length} records; all names begin with ${prefix}`);
  try {
    const secrets = await provision.register(citizens, (done) => say(`Registered ${done}`));
    const members = citizens.map(({ sender, speech, district }, at) => {
      const said = saidBy.get(recording.devices[at]!.device) ?? [];
      const script = (beganAtMs: number): Packet[] => packetsOf(said, { run, speed, beganAtMs });
      return { sender, speech, district, secret: secrets.get(sender.being.id) ?? '', script };
    });
    const fleet = new Fleet({ run, members, doors, ledger, ownAddresses: isLoopback(doors), nowMs: Date.now });
    try {
      await fleet.connect(CONNECT_MS, signal);
      const beginAtMs = Date.now() + BEGIN_AFTER_MS;
      ledger.add(line.head({ ...headOf(options, beginAtMs), city: 'replay' }));
      const books = await readBooks(gateway);
      fleet.begin(beginAtMs, { world: WORLD, senders: citizens.map(({ sender }) => sender) });
      const { fromMs, toMs } = recording.head;
      const stages = new StageWatch({ gateway, ledger, nowMs: Date.now });
      await watch(options, { fleet, ledger, stages, endAtMs: beginAtMs + Math.ceil((toMs - fromMs) / speed) });
      fleet.pause();
      await until(() => fleet.waiting === 0, ANSWERS_WAIT_MS);
      for (const one of fleet.owed()) ledger.add(line.owed(one));
      const after = await readBooksAfter(gateway, { before: books, acked: fleet.counts.acked, mostMs: BOOKS_WAIT_MS });
      const kinds = recording.devices.map(({ kind }) => kind);
      for (const one of countedBetween(books, after, kinds)) ledger.add(line.counted(one));
      await pause(0, signal);
    } finally {
      fleet.pause();
      await fleet.close();
    }
    await ledger.close();
    return await writeVerdict(await settle(path, options), options.out);
  } finally {
    if (!options.keep) {
      const { removed, left } = await provision.clean();
      say(`Removed ${removed} things of the replay`);
      for (const text of left) say(`Left behind: ${text}`);
    }
  }
}

const WORLD = { seed: 0, lat: 0, lon: 0, home: '京A', storms: [] };
const DAY_S = 86_400;

function citizenOf({ device, kind, district, lat, lon }: RecordedDevice, prefix: string): Citizen {
  const id = `${prefix}${kind}-${String(device + 1).padStart(5, '0')}`;
  // It says what was recorded and nothing of its own.
  const model: Model = { kind, periodS: DAY_S, firmware: ['1.0'], read: () => [] };
  const being = { id, seed: device, lat, lon, troubles: [], traits: {} };
  return {
    fleet: kind,
    sender: { being, model, habits: HABITS_OF_NONE, periodS: DAY_S, dark: [] },
    speech: { protocol: 'mqtt', version: 4, qos: 1, tls: false },
    name: `Replayed ${kind} ${device + 1}`,
    district,
    parent: null,
  };
}

interface When {
  run: string;
  speed: number;
  beganAtMs: number;
}

/** Messages of one device, as far apart as they were recorded, by a clock that is right now. */
export function packetsOf(said: readonly Said[], { run, speed, beganAtMs }: When): Packet[] {
  let lastMs = 0;
  return said.map(({ of: _, atMs, ...body }) => {
    const dueMs = beganAtMs + Math.round(atMs / speed);
    // Two records of a device have never the same time: it is by that that they are found in the store.
    lastMs = Math.max(lastMs + 1, dueMs);
    const channel = 'type' in body ? 'event' : 'telemetry';
    const id = `${run}-${channel === 'event' ? 'e' : 't'}${lastMs.toString(36)}`;
    return { dueMs, channel, payload: JSON.stringify({ ts: lastMs, id, ...body }), fate: 'kept', tsMs: [lastMs] };
  });
}
