import { invalid } from '../../core/errors.ts';
import { type Cidr, isCidr, Networks } from '../../platform/outbound/networks.ts';

/** Addresses of one sweep at most: a /20. */
export const SWEEP_ADDRESSES_MAX = 4_096;

const SETTING = 'CITYWATCH_CAMERA_NETWORKS';

/**
 * The addresses of an IPv4 range in which a device may have its own, in order; those of the network itself and of all
 * are none. Errors: `request.invalid` for what is no such range, is too large, or lies beyond the camera networks.
 */
export function addressesOf(cidr: string, networks: readonly Cidr[]): string[] {
  const [start = '', suffix = '32'] = cidr.split('/');
  if (!isCidr(cidr) || start.includes(':')) throw invalid('sweep.cidr', 'must be an IPv4 range such as 10.1.2.0/24');
  const count = 2 ** (32 - Number(suffix));
  if (count > SWEEP_ADDRESSES_MAX) {
    throw invalid('sweep.cidr', `holds ${count} addresses; a sweep takes ${SWEEP_ADDRESSES_MAX} (a /20) at most`);
  }
  const asked = start.split('.').reduce((value, part) => value * 256 + Number(part), 0);
  const first = asked - (asked % count);
  const all = Array.from({ length: count }, (_, index) => dotted(first + index));
  const allowed = new Networks(networks);
  const outside = all.find((address) => !allowed.has(address));
  if (outside !== undefined) {
    throw invalid('sweep.cidr', `${outside} is outside the networks of cameras (setting ${SETTING})`);
  }
  return count > 2 ? all.slice(1, -1) : all;
}

function dotted(value: number): string {
  return [24, 16, 8, 0].map((bits) => Math.floor(value / 2 ** bits) % 256).join('.');
}
