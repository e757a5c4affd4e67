import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { internalMessage } from '../../core/internal-records.ts';
import { Counter, type Logger, type Observer } from '../../core/observe.ts';
import type { DeviceId, DeviceIdentity, NewMessage } from '../../core/types.ts';
import type { Database } from '../../platform/database/database.ts';
import type { RegistryTables } from '../registry/tables.ts';

/** Where a camera answers. */
export interface CameraPlace {
  id: DeviceId;
  host: string;
  port: number;
}

export interface CameraWatchDeps {
  database: Database;
  clock: Clock;
  observer: Observer;
  identity(id: DeviceId): DeviceIdentity | undefined;
  /** Opens a connection to the camera and ends it; rejects when it does not answer in time. */
  probe(place: CameraPlace, signal: AbortSignal): Promise<void>;
  /** Told of each look: the camera answered, or did not. */
  looked(id: DeviceId, answered: boolean): void;
  /** Writes into the journal; a sign of life is a message like any other. */
  accept(message: NewMessage): Promise<unknown>;
}

export interface CameraWatchOptions {
  /** Pause between two looks at one camera. */
  everyMs: number;
  /** Looks under way at once: a dark district must not hold up the others. */
  atOnceMax: number;
}

/**
 * Knocks at every camera in turn, spread evenly over the period. A camera that answers has said `{"online":true}`; one
 * that stops answering says `{"online":false}` once, and the absence rule does the rest.
 */
export class CameraWatch {
  readonly #deps: CameraWatchDeps;
  readonly #options: CameraWatchOptions;
  readonly #log: Logger;
  readonly #looks: Counter;
  readonly #stopping = new AbortController();
  readonly #online = new Map<DeviceId, boolean>();
  #running: Promise<void> | null = null;

  constructor(deps: CameraWatchDeps, options: CameraWatchOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#log = deps.observer.log.child({ part: 'camera-watch' });
    this.#looks = new Counter({
      name: 'citywatch_camera_looks_total',
      help: 'Looks at whether a camera answers.',
      labelNames: ['result'],
      registers: [deps.observer.metrics],
    });
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock } = this.#deps;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const startedMs = clock.monotonicMs();
      try {
        await this.#round(await this.#places());
      } catch (error) {
        this.#log.warn({ error: messageOf(error) }, 'cameras could not be looked up');
      }
      await clock.sleep(Math.max(500, this.#options.everyMs - (clock.monotonicMs() - startedMs)), signal);
    }
  }

  /** Spreads the looks over half the period, so that the round ends in time even when some cameras hang. */
  async #round(places: CameraPlace[]): Promise<void> {
    const { signal } = this.#stopping;
    const gapMs = this.#options.everyMs / 2 / Math.max(1, places.length);
    const underWay = new Set<Promise<void>>();
    let owedMs = 0;
    for (const place of places) {
      if (signal.aborted) break;
      const look: Promise<void> = this.#look(place).finally(() => underWay.delete(look));
      underWay.add(look);
      if (underWay.size >= this.#options.atOnceMax) await Promise.race(underWay);
      owedMs += gapMs;
      if (owedMs >= 10) {
        await this.#deps.clock.sleep(owedMs, signal);
        owedMs = 0;
      }
    }
    await Promise.all(underWay);
  }

  async #look(place: CameraPlace): Promise<void> {
    const device = this.#deps.identity(place.id);
    if (!device) return;
    const online = await this.#deps.probe(place, this.#stopping.signal).then(
      () => true,
      () => false,
    );
    if (this.#stopping.signal.aborted) return;
    this.#looks.inc({ result: online ? 'answered' : 'silent' });
    this.#deps.looked(place.id, online);
    if (!online && this.#online.get(place.id) === false) return;
    this.#online.set(place.id, online);
    const message = internalMessage('cameraWatch', { online }, { device, receivedAtMs: this.#deps.clock.nowMs() });
    await this.#deps.accept(message).catch((error: unknown) => {
      this.#log.warn({ error: messageOf(error) }, 'a look at a camera could not be written down');
    });
  }

  async #places(): Promise<CameraPlace[]> {
    const rows = await this.#deps.database
      .tables<RegistryTables>()
      .selectFrom('position')
      .select(['id', 'stream', 'onvif'])
      .where('state', 'not in', ['planned', 'retired'])
      .where((eb) => eb.or([eb('stream', 'is not', null), eb('onvif', 'is not', null)]))
      .orderBy('id')
      .execute();
    return rows.flatMap(({ id, stream, onvif }) => placeOf(id, stream?.main.url ?? onvif?.xaddr ?? ''));
  }
}

const PORTS: Record<string, number> = { 'rtsp:': 554, 'rtsps:': 322, 'http:': 80, 'https:': 443 };

function placeOf(id: DeviceId, address: string): CameraPlace[] {
  if (!URL.canParse(address)) return [];
  const { hostname, port, protocol } = new URL(address);
  return [{ id, host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || (PORTS[protocol] ?? 554) }];
}
