import type { RecordingParts } from '../../../../src/api/ports.ts';
import type { RecordingExport } from '../../../../src/streams/exports/export.ts';
import { Tar } from '../../../../src/streams/exports/tar.ts';

const EXPORT: RecordingExport = {
  id: '00000000-0000-4000-8000-000000000005',
  cameras: [{ id: 'camera-1', name: 'camera 1', jurisdiction: '330212' }],
  quality: 'main',
  fromMs: 0,
  toMs: 1,
  purpose: 'maintenance',
  case: null,
  by: { type: 'token', id: 'test', name: 'test' },
  askedAtMs: 0,
  approved: null,
  state: 'ready',
  detail: null,
  bytes: 1,
  manifestSha256: null,
  expiresAtMs: 1,
};

/** An export of one camera, without a file. */
export function memoryExports(): RecordingParts['exports'] {
  return {
    publicKey: { id: '0123456789abcdef', pem: '' },
    ask: async () => EXPORT,
    approve: async () => EXPORT,
    remove: async () => {},
    one: async () => EXPORT,
    list: async () => [EXPORT],
    progress: async () => ({ files: 1, done: 1 }),
    archive: async () => ({ name: 'export.tar', tar: new Tar([], 0) }),
  };
}
