import type { RecordingParts } from '../../../../src/api/ports.ts';
import type { ViewingCopy } from '../../../../src/streams/copies/viewing-copy.ts';
import type { RecordingExport } from '../../../../src/streams/exports/export.ts';
import { Tar } from '../../../../src/streams/exports/tar.ts';

export const EXPORT: RecordingExport = {
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
  bundle: null,
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
    looked: async () => {},
    archive: async () => ({ name: 'export.tar', tar: new Tar([], 0) }),
  };
}

const COPY: ViewingCopy = {
  id: '00000000-0000-4000-8000-000000000006',
  export: EXPORT.id,
  by: EXPORT.by,
  unit: '宁波市',
  askedAtMs: 0,
  state: 'ready',
  detail: null,
  files: 1,
  filesDone: 1,
  bytes: 1,
};

/** A copy of that export for looking at, without a file. */
export function memoryCopies(): RecordingParts['copies'] {
  return {
    ask: async () => COPY,
    of: async () => [COPY],
    remove: async () => {},
    archive: async () => ({ name: 'copy.tar', tar: new Tar([], 0) }),
  };
}
