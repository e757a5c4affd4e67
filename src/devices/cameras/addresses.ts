import { CitywatchError, type Issue } from '../../core/errors.ts';
import { isAddress, Networks } from '../../platform/outbound/networks.ts';
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
    const fields = { 'stream.url': stream?.url, 'stream.subUrl': stream?.subUrl, 'onvif.xaddr': onvif?.xaddr };
    const issues = Object.entries(fields).flatMap(([path, url]): Issue[] => {
      const address = url === undefined ? null : addressIn(url);
      if (address === null || this.#networks.has(address)) return [];
      return [{ path, message: `${address} is outside the networks of cameras (setting ${SETTING})` }];
    });
    if (issues.length > 0) throw new CitywatchError('request.invalid', { issues });
  }
}

/**
 * The address a URL names, null for a host name. The URL parser leaves hosts of `rtsp:` as they were written, and those
 * of `http:` not: 0x7f.1 and 2130706433 are both 127.0.0.1 to whoever connects.
 */
function addressIn(url: string): string | null {
  const written = new URL(url).hostname;
  const host = URL.canParse(`http://${written}/`) ? new URL(`http://${written}/`).hostname : written;
  const bare = host.replace(/^\[|\]$/g, '');
  return isAddress(bare) ? bare : null;
}
