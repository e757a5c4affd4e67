import { readFileSync } from 'node:fs';
import { availableParallelism, freemem } from 'node:os';
import { nextReport, packetsOf } from '../devices/packets.ts';
import type { SimulatedCity } from './city.ts';
import { CityFileError } from './city-file.ts';

/** What a device costs here and at a gateway beside it, in bytes: a connection at both ends and what belongs to it. */
const DEVICE_BYTES = { here: 24 * 1024, both: 96 * 1024 };
/** What the generator takes before its first device, and what has to stay free for the rest of the machine. */
const BASE_BYTES = 100 * 1024 * 1024;
const SPARE_BYTES = 512 * 1024 * 1024;
/** What a camera with video costs its process and the gateway beside it; its descriptors, while a gateway looks. */
const CAMERA_BYTES = 320 * 1024;
const CAMERA_FILES = 8;
/** Descriptors of a process that are not connections. */
const SPARE_FILES = 64;
/** A generator that is busy for more of its time is late. */
const BUSY_MAX = 0.7;
const MEASURED_MS = 150;
/** Addresses in 127.65.0.0/16. */
const DEVICES_MAX = 65_534;

export interface Machine {
  cores: number;
  freeBytes: number;
  /** Files that a process may have open. */
  filesMax: number;
  /** Messages a second that this machine can make ready in one process. */
  messagesPerS: number;
}

/**
 * What this machine has, measured with messages of the city itself: about a fifth of a second of one core. It is
 * processor time that counts: on a busy machine a fifth of a second by the clock may be all somebody else's.
 */
export function measureMachine({ citizens, world }: SimulatedCity): Machine {
  const run = { id: 'measured', world };
  const began = process.cpuUsage();
  const usedMs = (): number => {
    const { user, system } = process.cpuUsage(began);
    return (user + system) / 1_000;
  };
  let messages = 0;
  for (let at = 0; usedMs() < MEASURED_MS; at += 1) {
    const { sender } = citizens[(at * 7919) % citizens.length]!;
    messages += packetsOf(sender, nextReport(sender, at * 60_000), run).length;
  }
  const tookS = usedMs() / 1_000;
  // Sending costs about as much again as making.
  const messagesPerS = messages / tookS / 2;
  return { cores: availableParallelism(), freeBytes: freemem(), filesMax: filesMax(), messagesPerS };
}

function filesMax(): number {
  const [, soft = ''] = /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
}

/**
 * Throws {@link CityFileError} with what a machine lacks for a city, and the largest scale that it can carry.
 * @param beside whether the gateway runs on the same machine
 */
export function refuseTooMuch(
  city: SimulatedCity,
  machine: Machine,
  { scale, beside, cameras = 0 }: { scale: number; beside: boolean; cameras?: number },
): void {
  const devices = city.citizens.length;
  const perDevice = beside ? DEVICE_BYTES.both : DEVICE_BYTES.here;
  const limits = [
    { what: 'source addresses', need: devices, have: DEVICES_MAX },
    { what: 'open files (ulimit -n)', need: devices + SPARE_FILES, have: machine.filesMax },
    {
      what: 'open files of the cameras (ulimit -n)',
      need: cameras * CAMERA_FILES + SPARE_FILES,
      have: machine.filesMax,
    },
    {
      what: 'MiB of free memory',
      need: Math.ceil((devices * perDevice + cameras * CAMERA_BYTES + BASE_BYTES + SPARE_BYTES) / 2 ** 20),
      have: Math.floor(machine.freeBytes / 2 ** 20),
    },
    {
      what: 'messages a second',
      need: Math.ceil(city.messagesPerS),
      have: Math.floor(machine.messagesPerS * BUSY_MAX),
    },
  ];
  const missing = limits.filter(({ need, have }) => need > have);
  if (missing.length === 0) return;
  const largest = scale * Math.min(...missing.map(({ need, have }) => have / need)) * 0.95;
  const [first] = missing;
  throw new CityFileError(
    `${devices} devices need ${first?.need} ${first?.what} and this machine has ${first?.have}; ` +
      `--scale ${largest < 0.001 ? '0.001' : largest.toPrecision(2)} is what it can carry`,
  );
}
