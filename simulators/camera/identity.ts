import { createHash } from 'node:crypto';
import type { CameraIdentity } from './onvif/device-service.ts';

/** The same camera id always gives the same unit. Serial and firmware look like numbers on purpose: they are text. */
export function inventIdentity(id: string): CameraIdentity {
  const digest = createHash('sha256').update(id).digest('hex');
  const part = (from: number, to: number): string => digest.slice(from, to);
  const digits = BigInt(`0x${part(0, 12)}`)
    .toString()
    .padStart(13, '0')
    .slice(-13);
  return {
    maker: 'Virtual Optics',
    model: 'VC-768 Street',
    firmware: '2.10',
    serial: `0340200${digits}`,
    hardwareId: '007',
    mac: ['02', part(20, 22), part(22, 24), part(24, 26), part(26, 28), part(28, 30)].join(':'),
    endpoint: `urn:uuid:${part(0, 8)}-${part(8, 12)}-4${part(13, 16)}-8${part(17, 20)}-${part(20, 32)}`,
  };
}
