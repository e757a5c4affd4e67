import type { Clock } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import type { Caller, DeviceId, DeviceIdentity } from '../../core/types.ts';
import type { Database } from '../../platform/database/database.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import type { MaintenanceInput } from '../life/input.ts';
import {
  changePicture,
  checkChange,
  type PictureChange,
  type PictureReport,
  readPicture,
  sourceOf,
} from '../onvif/services/imaging.ts';
import { type CameraNetwork, readNetwork } from '../onvif/services/network.ts';
import { type AskOptions, CameraServices } from '../onvif/services/services.ts';
import {
  type CameraTime,
  readTime,
  setServers,
  setTime,
  type TimeServers,
  type TimeWish,
} from '../onvif/services/time.ts';
import type { OnvifPorts } from '../onvif/session.ts';
import type { OnvifAccess } from '../registry/connections.ts';

export interface UpkeepDeps {
  database: Database;
  clock: Clock;
  onvif: OnvifPorts;
  /** Null where no ONVIF address is registered. */
  access(id: DeviceId): Promise<OnvifAccess | null>;
  /** Holds alerts back while a camera restarts. */
  maintenance: {
    begin(caller: Caller, id: DeviceId, input: MaintenanceInput): Promise<unknown>;
    end(caller: Caller, id: DeviceId): Promise<unknown>;
  };
}

export interface Restart {
  /** When alerts of the device are told again; null where it was in maintenance, or not in service, anyway. */
  quietUntilMs: number | null;
}

/** Of one answer. Cameras write their settings into flash before they answer. */
const HOW: AskOptions = { deadlineMs: 8_000 };
/** A camera is back within two minutes, a recorder within four. */
const RESTART_MINUTES = 5;

/**
 * What a technician sets on a camera over ONVIF. Rights are decided before: whoever asks may see the device. What is
 * set has its row in the audit trail before the camera is told. Errors of all: `conflict.state` where it has no such
 * service, `request.invalid` for what it does not take, `outbound.failed`.
 */
export class Upkeep {
  readonly #deps: UpkeepDeps;

  constructor(deps: UpkeepDeps) {
    this.#deps = deps;
  }

  async picture({ id }: DeviceIdentity): Promise<PictureReport> {
    const { services, source } = await this.#open(id);
    return await readPicture(services, await sourceOf(services, source, HOW), HOW);
  }

  /** Resolves with how it then is, as the camera says. */
  async setPicture(caller: Caller, device: DeviceIdentity, change: PictureChange): Promise<PictureReport> {
    const { services, source } = await this.#open(device.id);
    const report = await readPicture(services, await sourceOf(services, source, HOW), HOW);
    checkChange(change, report.ranges);
    await this.#note(caller, device, { action: 'camera.picture', before: report.settings, after: change });
    await changePicture(services, { report, change }, HOW);
    return await readPicture(services, report.source, HOW);
  }

  async time({ id }: DeviceIdentity): Promise<CameraTime> {
    const { services } = await this.#open(id);
    return await readTime(services, HOW);
  }

  /** Resolves with how it then is, as the camera says. */
  async setTime(caller: Caller, device: DeviceIdentity, wish: TimeWish): Promise<CameraTime> {
    const services = await this.#whole(device.id);
    const before = await readTime(services, HOW);
    await this.#note(caller, device, { action: 'camera.time', before, after: wish });
    await setTime(services, { wish, nowMs: () => this.#deps.clock.nowMs() }, HOW);
    // Another clock, by which logins are judged from now on.
    return await this.time(device);
  }

  /** Resolves with how it then is, as the camera says. */
  async setServers(caller: Caller, device: DeviceIdentity, servers: TimeServers): Promise<CameraTime> {
    const services = await this.#whole(device.id);
    const { ntp: before } = await readTime(services, HOW);
    await this.#note(caller, device, { action: 'camera.ntp', before, after: servers });
    await setServers(services, servers, HOW);
    return await readTime(services, HOW);
  }

  async network({ id }: DeviceIdentity): Promise<CameraNetwork> {
    const { services } = await this.#open(id);
    return await readNetwork(services, HOW);
  }

  /**
   * Restarts the device. Until it is back it is in maintenance, so that nobody is called out for it. Without
   * `confirmed` it is not touched: `request.confirm` says what would be restarted.
   */
  async restart(caller: Caller, device: DeviceIdentity, confirmed: boolean): Promise<Restart> {
    const { clock, maintenance } = this.#deps;
    const { id, kind } = device;
    if (!confirmed) {
      const message = `restarts the ${kind} ${id}: its pictures stop for one to four minutes`;
      throw new CitywatchError('request.confirm', { issues: [{ path: 'confirm', message }] });
    }
    const services = await this.#whole(id);
    await this.#note(caller, device, { action: 'camera.restart', before: null, after: null });
    const reason = 'restart';
    const isQuiet = await maintenance.begin(caller, id, { reason, minutes: RESTART_MINUTES }).then(
      () => true,
      (error: unknown) => {
        if (error instanceof CitywatchError && error.code === 'conflict.state') return false;
        throw error;
      },
    );
    try {
      await services.ask('device', 'SystemReboot', '', HOW);
    } catch (error) {
      if (isQuiet) await maintenance.end(caller, id);
      throw error;
    }
    return { quietUntilMs: isQuiet ? clock.nowMs() + RESTART_MINUTES * 60_000 : null };
  }

  /** For what is of the whole unit: a channel of a recorder would change it for all the others too. */
  async #whole(id: DeviceId): Promise<CameraServices> {
    const { services, source } = await this.#open(id);
    if (source === null) return services;
    throw new CitywatchError('conflict.state', { detail: 'It is a channel of a recorder: do this at the recorder.' });
  }

  async #open(id: DeviceId): Promise<{ services: CameraServices; source: string | null }> {
    const access = await this.#deps.access(id);
    if (!access) {
      throw new CitywatchError('conflict.state', { detail: 'No ONVIF address is registered for this device.' });
    }
    return { services: await CameraServices.open(access, this.#deps.onvif, HOW), source: access.source ?? null };
  }

  #note(
    caller: Caller,
    { id, jurisdiction }: DeviceIdentity,
    { action, before, after }: { action: string; before: unknown; after: unknown },
  ): Promise<void> {
    const { database, clock } = this.#deps;
    const subject = `device/${id}`;
    return recordAudit(database, { caller, action, subject, jurisdiction, before, after, atMs: clock.nowMs() });
  }
}
