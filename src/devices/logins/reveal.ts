import type { Clock } from '../../core/clock.ts';
import { CitywatchError, invalid } from '../../core/errors.ts';
import { ownArea } from '../../core/jurisdiction.ts';
import type { Caller, DeviceId } from '../../core/types.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Login } from '../../platform/outbound/http-auth.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import type { Connections } from '../registry/connections.ts';
import { findDevice } from '../registry/queries.ts';

export interface LoginRevealDeps {
  database: Database;
  clock: Clock;
  connections: Pick<Connections, 'onvifAccess' | 'streamSource'>;
  /** Whether a work order of this number is open for the device. */
  isOpen(order: string, device: DeviceId): Promise<boolean>;
}

export interface RevealInput {
  purpose: string;
  /** One of both. */
  order: string | null;
  case: string | null;
}

/** A login with where it is for. */
export interface RevealedLogin extends Login {
  address: string;
}

export interface Revealed {
  onvif: RevealedLogin | null;
  stream: RevealedLogin | null;
}

/** Gives the login of one device to a person who says what for. */
export class LoginReveal {
  readonly #deps: LoginRevealDeps;

  constructor(deps: LoginRevealDeps) {
    this.#deps = deps;
  }

  /**
   * The audit row is durable before this resolves. Errors: `auth.forbidden` for whoever is no person, `not-found`
   * beyond the own jurisdiction whatever grants there are, `request.invalid` without an order that is open or a case,
   * `conflict.state` for a device without a login, or while that is being changed.
   */
  async reveal(caller: Caller, id: DeviceId, { purpose, order, case: number }: RevealInput): Promise<Revealed> {
    const { database, clock, connections, isOpen } = this.#deps;
    if (caller.type !== 'person') {
      const detail = 'A login is shown to a person who is logged in, and never to a token.';
      throw new CitywatchError('auth.forbidden', { detail });
    }
    const device = await findDevice(database, ownArea(caller), id);
    if (!device) throw new CitywatchError('not-found');
    if (order === null && number === null) throw invalid('order', 'is missing: name an open work order, or a case');
    if (order !== null && !(await isOpen(order, id))) throw invalid('order', 'is no open work order of this device');
    const [onvif, stream] = await Promise.all([connections.onvifAccess(id), connections.streamSource(id, 'main')]);
    const login = stream?.login ?? null;
    if (!onvif && !login) {
      throw new CitywatchError('conflict.state', { detail: 'No login of this device is stored, or it is retired.' });
    }
    const after = { purpose, order, case: number };
    const { jurisdiction } = device;
    const atMs = clock.nowMs();
    await recordAudit(database, { caller, action: 'login.reveal', subject: `device/${id}`, jurisdiction, after, atMs });
    return {
      onvif: onvif && { address: onvif.xaddr, username: onvif.username, password: onvif.password },
      stream: stream && login && { address: stream.url, ...login },
    };
  }
}
