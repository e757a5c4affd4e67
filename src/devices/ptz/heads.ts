import type { Clock } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { BoundedMap } from '../../core/mechanisms/bounded.ts';
import { JoinedByKey } from '../../core/mechanisms/one-at-a-time.ts';
import type { DeviceId } from '../../core/types.ts';
import { PtzHead } from '../onvif/services/ptz.ts';
import { CameraServices } from '../onvif/services/services.ts';
import type { OnvifPorts } from '../onvif/session.ts';
import type { OnvifAccess } from '../registry/connections.ts';
import { PtzDriver } from './driver.ts';

export interface HeadsDeps {
  clock: Clock;
  onvif: OnvifPorts;
  /** Null where no ONVIF address is registered. */
  access(id: DeviceId): Promise<OnvifAccess | null>;
  failed(id: DeviceId, error: unknown): void;
}

interface Open {
  access: string;
  untilMs: number;
  head: PtzHead;
  driver: PtzDriver;
}

/** Clocks run away from each other, and a camera may be set up anew: a head is asked again who it is after so long. */
const KNOWN_MS = 300_000;
const HEADS_MAX = 1_000;
const OPEN_MS = 5_000;

/** The heads of cameras that are being moved. */
export class PtzHeads {
  readonly #deps: HeadsDeps;
  readonly #open = new BoundedMap<DeviceId, Open>(HEADS_MAX);
  readonly #opening = new JoinedByKey<DeviceId, Open>();
  readonly #moving = new Set<PtzDriver>();

  constructor(deps: HeadsDeps) {
    this.#deps = deps;
  }

  /** Errors: `conflict.state` where the camera has no head that moves, `outbound.failed`. */
  async get(id: DeviceId): Promise<Pick<Open, 'head' | 'driver'>> {
    const access = await this.#deps.access(id);
    if (!access) {
      throw new CitywatchError('conflict.state', { detail: 'No ONVIF address is registered for this device.' });
    }
    const text = JSON.stringify(access);
    const known = this.#open.get(id);
    if (known && known.access === text && (known.untilMs > this.#deps.clock.monotonicMs() || known.driver.isMoving))
      return known;
    return await this.#opening.run(id, () => this.#begin(id, access, text));
  }

  /** Stops every head that moves, for the end of the process. */
  async stop(): Promise<void> {
    await Promise.allSettled([...this.#moving].filter(({ isMoving }) => isMoving).map((driver) => driver.stop()));
  }

  async #begin(id: DeviceId, access: OnvifAccess, text: string): Promise<Open> {
    const { clock, onvif, failed } = this.#deps;
    const how = { deadlineMs: OPEN_MS };
    const services = await CameraServices.open(access, onvif, how);
    const head = await PtzHead.open(services, how, access.source ?? null);
    const driver = new PtzDriver(head, { clock, failed: (error) => failed(id, error) });
    for (const other of this.#moving) if (!other.isMoving) this.#moving.delete(other);
    this.#moving.add(driver);
    const open = { access: text, untilMs: clock.monotonicMs() + KNOWN_MS, head, driver };
    this.#open.set(id, open);
    return open;
  }
}
