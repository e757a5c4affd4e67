import type { VirtualCamera } from '../../../../simulators/camera/camera.ts';
import { askStorage } from '../../../../src/devices/onvif/services/storage.ts';
import type { EdgeStorage } from '../../../../src/streams/edge/edge-source.ts';
import { onvifPorts } from '../cameras.ts';

/** Where the storage of a virtual camera is asked for. */
export type StorageAddress = Pick<VirtualCamera, 'xaddr' | 'account'>;

interface Test {
  teardown(run: () => unknown): void;
}

/** What virtual cameras keep themselves, asked for over ONVIF as the gateway asks. */
export function edgeStorage(t: Test, cameraOf: (id: string) => StorageAddress): EdgeStorage {
  const ports = onvifPorts(t);
  return {
    find: ({ device, ...asked }, signal) => {
      const { xaddr, account } = cameraOf(device);
      return askStorage({ xaddr, ...account }, ports, asked, { deadlineMs: 5_000, signal });
    },
  };
}
