import { subnetOf } from '../../core/address-block.ts';
import { type Clock, deadline } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { JoinedByKey } from '../../core/mechanisms/one-at-a-time.ts';
import type { Caller, DeviceId, DeviceIdentity } from '../../core/types.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Look } from '../../platform/records/access-register.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import type { CameraAddresses } from '../cameras/addresses.ts';
import type { CameraLabel } from '../onvif/identify.ts';
import type { DeviceInput } from '../registry/input.ts';
import { type CameraCheckPorts, type CameraCheckResult, type CameraTarget, checkCamera } from './camera-check.ts';
import { CAMERA_CHECK_TIMES } from './camera-times.ts';
import type { CheckPlaces } from './check-places.ts';
import { checkDevice, type DeviceCheckPorts } from './device-check.ts';
import { type CheckStep, type Grade, worst } from './steps.ts';
import { type Coded, isMissing } from './video.ts';

/** Work orders, which another part keeps. */
export interface OrdersPort {
  /** Whether a work order of this number is open for the device. */
  isOpen(number: string, device: DeviceId): Promise<boolean>;
}

export interface ChecksDeps {
  clock: Clock;
  database: Database;
  ports: CameraCheckPorts;
  devices: DeviceCheckPorts;
  places: CheckPlaces;
  target(id: DeviceId): Promise<CameraTarget>;
  /** Undefined for a device that is unknown or retired. */
  identity(id: DeviceId): DeviceIdentity | undefined;
  hasVideo(kind: string): boolean;
  addresses: Pick<CameraAddresses, 'check'>;
  /** Whether no work order opens the pictures of a position: those of minors need the number of an incident. */
  isMinors(id: DeviceId): Promise<boolean>;
  orders: OrdersPort;
  register: { add(look: Look): Promise<void> };
}

/** What a check found. */
export interface CheckReport {
  grade: Exclude<Grade, 'not-tried'>;
  /** The first step that failed, or else that warned. */
  cause: CheckStep | null;
  steps: CheckStep[];
  atMs: number;
  tookMs: number;
  /** Who answered. */
  unit: CameraLabel | null;
}

export interface DeviceCheck extends CheckReport {
  /** It joined a check that was under way. */
  shared: boolean;
  picture: ShownPicture;
}

/** The picture of a check, or in one sentence why it is not shown. */
export type ShownPicture = { jpeg: Buffer } | { withheld: string };

export type AddressInput = Pick<DeviceInput, 'onvif' | 'stream'>;

const PICTURE_MS = 2_000;
const PURPOSE = 'maintenance';

/** Checks single devices, for who asks. Rights are decided before: whoever asks may see the device. */
export class Checks {
  readonly #deps: ChecksDeps;
  readonly #running = new JoinedByKey<DeviceId, Ran>();
  readonly #addresses = new Set<string>();
  /** Steps of checks that are under way, as far as they are. */
  readonly #progress = new Map<DeviceId, readonly CheckStep[]>();

  constructor(deps: ChecksDeps) {
    this.#deps = deps;
  }

  /**
   * Checks a registered device, within 15 s; who asks while a check of it goes on gets the answer of that one. With the
   * number of an open work order its picture is shown, after the look was written into the access register. Errors:
   * `request.rate`. One that sends by itself is judged by what was heard of it.
   */
  async device(caller: Caller, device: DeviceIdentity, order: string | null): Promise<DeviceCheck> {
    const { id, kind } = device;
    if (!this.#deps.hasVideo(kind)) {
      const picture = { withheld: 'Devices of this kind have no video.' };
      return { ...(await this.#heard(caller, device)), shared: false, picture };
    }
    let shared = true;
    const ran = await this.#running.run(id, () => {
      shared = false;
      return this.#check(id);
    });
    const { result, ...report } = ran;
    return { ...report, shared, picture: await this.#picture(caller, device, { order, result }) };
  }

  /**
   * What the check of a device has found that is under way; null where none is. A later step may still mend an earlier
   * one. Rights are decided before, as for {@link device}.
   */
  progress(id: DeviceId): readonly CheckStep[] | null {
    const done = this.#progress.get(id);
    return done ? [...done] : null;
  }

  /**
   * Checks a device of a batch once its subnet bears it; never shows a picture. Rejects when `signal` is aborted while
   * it waits.
   */
  async ofBatch(caller: Caller, id: DeviceId, signal: AbortSignal): Promise<CheckReport> {
    const { target: find, places, clock, hasVideo, identity } = this.#deps;
    const device = identity(id);
    if (!device) return reportOf({ steps: [GONE], tookMs: 0, label: null }, clock.nowMs());
    if (!hasVideo(device.kind)) return await this.#heard(caller, device);
    const target = await find(id).catch(heldOrThrow);
    if (target === null) return reportOf({ steps: [HELD], tookMs: 0, label: null }, clock.nowMs());
    const leave = await places.wait(whereOf(target).subnet, signal);
    const { result: _result, ...report } = await this.#running.run(id, () => this.#checkAt(id, target)).finally(leave);
    return report;
  }

  /**
   * Checks what is not registered yet, at the address and with the login given, which are kept nowhere; who asked for
   * which address is in the audit trail. Errors: `request.invalid` beyond the camera networks, `request.rate`.
   */
  async address(caller: Caller, input: AddressInput): Promise<CheckReport> {
    const { database, clock, addresses, ports, places } = this.#deps;
    addresses.check(input);
    const target = targetOf(input);
    const where = whereOf(target);
    const subject = `address/${where.host}`;
    if (this.#addresses.has(where.host)) {
      throw new CitywatchError('request.rate', { retryAfterS: 5, detail: 'This address is being checked.' });
    }
    this.#addresses.add(where.host);
    try {
      const { jurisdiction } = caller;
      const atMs = clock.nowMs();
      await recordAudit(database, { caller, action: 'address.check', subject, jurisdiction, atMs });
      const leave = places.enter(where.subnet);
      const result = await checkCamera(target, ports, CAMERA_CHECK_TIMES).finally(leave);
      return reportOf(result, clock.nowMs());
    } finally {
      this.#addresses.delete(where.host);
    }
  }

  async #heard(caller: Caller, device: DeviceIdentity): Promise<CheckReport> {
    const { clock, devices } = this.#deps;
    const beganMs = clock.monotonicMs();
    const steps = await checkDevice(caller, device, devices);
    const tookMs = Math.round(clock.monotonicMs() - beganMs);
    return reportOf({ steps, tookMs, label: null }, clock.nowMs());
  }

  async #check(id: DeviceId): Promise<Ran> {
    const { target: find, places } = this.#deps;
    const target = await find(id);
    const leave = places.enter(whereOf(target).subnet);
    return await this.#checkAt(id, target).finally(leave);
  }

  async #checkAt(id: DeviceId, target: CameraTarget): Promise<Ran> {
    const { ports, clock } = this.#deps;
    const follow = (done: readonly CheckStep[]) => void this.#progress.set(id, done);
    const checked = checkCamera(target, { ...ports, follow }, CAMERA_CHECK_TIMES);
    const result = await checked.finally(() => this.#progress.delete(id));
    return { ...reportOf(result, clock.nowMs()), result };
  }

  async #picture(
    caller: Caller,
    { id, jurisdiction }: DeviceIdentity,
    { order, result }: { order: string | null; result: CameraCheckResult },
  ): Promise<ShownPicture> {
    const { orders, register, isMinors } = this.#deps;
    if (order === null) return { withheld: 'Name the number of an open work order to see the picture.' };
    if (!(await orders.isOpen(order, id))) return { withheld: 'No work order of this number is open for the device.' };
    if (await isMinors(id)) return { withheld: 'Pictures of minors need the number of an incident, not of an order.' };
    if (result.isOther) return { withheld: 'Another unit than the registered one answers: its picture is not shown.' };
    if (result.picture === null) return { withheld: 'There was no picture.' };
    const { type, id: viewerId, name } = caller;
    await register.add({
      viewer: { type, id: viewerId, name },
      act: 'snapshot',
      device: id,
      jurisdiction,
      purpose: PURPOSE,
      case: order,
    });
    return await this.#still(result.picture);
  }

  async #still(picture: Coded): Promise<ShownPicture> {
    const { clock, ports } = this.#deps;
    const limit = deadline(clock, PICTURE_MS);
    const still = await ports.video.still(picture, limit.signal).finally(() => limit.cancel());
    return isMissing(still) ? { withheld: still.detail } : { jpeg: still };
  }
}

/** Of a batch that was begun before. */
const GONE: CheckStep = {
  name: 'registry',
  grade: 'warning',
  seen: null,
  problem: 'retired',
  hint: 'It was retired since the check of its district began; nothing is to be done.',
  tookMs: 0,
};

/** Its login is being changed, and a camera that is away may keep that waiting for long. */
const HELD: CheckStep = {
  name: 'login',
  grade: 'warning',
  seen: null,
  problem: 'login-held',
  hint: 'Its login is being changed and nobody else may log in: check it alone once that is over.',
  tookMs: 0,
};

function heldOrThrow(error: unknown): null {
  if (error instanceof CitywatchError && error.code === 'conflict.state') return null;
  throw error;
}

interface Ran extends CheckReport {
  result: CameraCheckResult;
}

function reportOf(
  { steps, tookMs, label }: { steps: CheckStep[]; tookMs: number; label: CameraLabel | null },
  atMs: number,
): CheckReport {
  const grade = worst(steps);
  const cause = grade === 'ok' ? null : (steps.find((step) => step.grade === grade) ?? null);
  return { grade, cause, steps, atMs, tookMs, unit: label };
}

function targetOf({ onvif, stream }: AddressInput): CameraTarget {
  return {
    onvif: onvif ? { ...onvif, xaddr: onvif.xaddr.url } : null,
    stream: stream
      ? { url: stream.main.url, username: stream.main.login?.username, password: stream.main.login?.password }
      : null,
    known: null,
  };
}

/** Host and port as they stand, and the subnet that the checks of it share. */
function whereOf({ onvif, stream }: CameraTarget): { host: string; subnet: string } {
  const address = onvif?.xaddr ?? stream?.url ?? '';
  const url = URL.canParse(address) ? new URL(address) : null;
  return { host: url?.host ?? '', subnet: subnetOf(url?.hostname ?? '') };
}
