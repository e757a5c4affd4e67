import { CitywatchError, type Issue } from '../../core/errors.ts';
import { Networks } from '../../platform/outbound/networks.ts';
import type { DeviceInput } from '../registry/input.ts';

const SETTING = 'CITYWATCH_CAMERA_NETWORKS';

/**
 * Refuses addresses at which nothing may be contacted, when they are entered and not only at the first look. A host
 * name passes: where it leads is known only when it is asked for, and is checked then.
 */
export class CameraAddresses {
  readonly #networks: Networks;

  constructor(networks: readonly string[]) {
    this.#networks = new Networks(networks);
  }

  /** Errors: `request.invalid`, naming each field and the setting. */
  check({ stream, onvif }: Pick<DeviceInput, 'stream' | 'onvif'>): void {
    const fields = { 'stream.url': stream?.main, 'stream.subUrl': stream?.sub, 'onvif.xaddr': onvif?.xaddr };
    const issues = Object.entries(fields).flatMap(([path, url]): Issue[] => {
      const address = url?.address ?? null;
      if (address === null || this.#networks.has(address)) return [];
      return [{ path, message: `${address} is outside the networks of cameras (setting ${SETTING})` }];
    });
    if (issues.length > 0) throw new CitywatchError('request.invalid', { issues });
  }
}
