import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type Eye, line } from '../../fleet/ledger-lines.ts';
import { addressOf } from '../../links/link.ts';
import { chance, type Span } from '../../models/chance.ts';
import type { SimulatedCity } from '../city.ts';
import { type CityFile, CityFileError } from '../city-file.ts';

/** Where a camera is registered. */
export interface CameraDoor {
  xaddr: string;
  username: string;
  password: string;
}

/** A camera of a city that answers ONVIF and RTSP. */
export interface CameraPlan {
  device: string;
  district: string;
  /** That of the device's messages, so that it is one device for whoever looks at the network. */
  address: string;
  isWatched: boolean;
}

/** What the process of the cameras is told, one after the other; it answers each. */
export type Order =
  | { do: 'start'; cameras: readonly CameraPlan[] }
  /** Viewers come, and districts have no power for these times, Unix ms. */
  | { do: 'begin'; gateway: string; token: string; cuts: readonly { district: string; spans: readonly Span[] }[] }
  | { do: 'tell' };

export interface Answer {
  error?: string;
  doors?: [device: string, door: CameraDoor][];
  eyes?: Eye[];
}

const PROGRAM = join(import.meta.dirname, 'camera-process.ts');
/** Of thousands of cameras. */
const ANSWER_MS = 60_000;

/** The cameras with video that a city has, none where its file asks for none. Which are watched the seed says. */
export function camerasOf(
  file: CityFile,
  { citizens }: SimulatedCity,
  { seed, scale }: { seed: number; scale: number },
) {
  const watched = new Map(file.fleets.flatMap(({ name, video }) => (video ? [[name, video.watched] as const] : [])));
  const found = citizens.flatMap(({ fleet, sender, district }, index) => {
    if (!watched.has(fleet)) return [];
    const order = chance(sender.being.seed ^ seed, 'watched');
    return [{ fleet, order, device: sender.being.id, district, address: addressOf(index) }];
  });
  const chosen = new Set<string>();
  for (const [fleet, count] of watched) {
    const own = found.filter((one) => one.fleet === fleet).sort((a, b) => a.order - b.order);
    for (const { device } of own.slice(0, Math.round(count * scale))) chosen.add(device);
  }
  return found.map(({ device, district, address }): CameraPlan => {
    return { device, district, address, isWatched: chosen.has(device) };
  });
}

/**
 * Cameras of a city and who looks at them, in a process of their own: video must not hold up the messages of devices,
 * nor the clock that they are timed by.
 */
export class CameraSet {
  readonly doors: ReadonlyMap<string, CameraDoor>;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, doors: ReadonlyMap<string, CameraDoor>) {
    this.#child = child;
    this.doors = doors;
  }

  /** Null where there are no cameras. Throws where they cannot listen. */
  static async start(cameras: readonly CameraPlan[], isHere: boolean): Promise<CameraSet | null> {
    if (cameras.length === 0) return null;
    if (!isHere) {
      throw new CityFileError('cameras with video are on this machine: the gateway has to be, too (--gateway)');
    }
    const child = fork(PROGRAM);
    try {
      const { doors = [] } = await ask(child, { do: 'start', cameras });
      return new CameraSet(child, new Map(doors));
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  }

  /**
   * Has the chosen cameras looked at, by somebody with this token, until {@link stop}; cuts the power of cameras
   * together with that of the other devices of their districts.
   */
  async begin({ citizens }: SimulatedCity, gateway: string, token: string): Promise<void> {
    const dark = new Map<string, readonly Span[]>();
    for (const { district, sender } of citizens) if (sender.dark.length > 0) dark.set(district, sender.dark);
    const cuts = [...dark].map(([district, spans]) => ({ district, spans }));
    await ask(this.#child, { do: 'begin', gateway, token, cuts });
  }

  /** Writes down what was counted until now. */
  async finish(ledger: { add(line: string): void }): Promise<void> {
    const { eyes = [] } = await ask(this.#child, { do: 'tell' });
    for (const one of eyes) ledger.add(line.eye(one));
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }
}

async function ask(child: ChildProcess, order: Order): Promise<Answer> {
  child.send(order);
  const [answer] = (await Promise.race([
    once(child, 'message', { signal: AbortSignal.timeout(ANSWER_MS) }),
    once(child, 'exit').then(() => [{ error: 'it ended' }]),
  ])) as [Answer];
  if (answer.error !== undefined) throw new Error(`the process of the cameras: ${answer.error}`);
  return answer;
}
