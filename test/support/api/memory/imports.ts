import type { DeviceExportPort, FieldParts, ImportsPort } from '../../../../src/api/ports.ts';
import type { Caller } from '../../../../src/core/types.ts';
import { requireHere } from '../api-parts.ts';

/** One import of this district, whatever is asked for. */
function memoryImports(): ImportsPort {
  const counts = { create: 1, change: 0, same: 0, error: 0 };
  const status = {
    id: '00000000-0000-4000-8000-000000000001',
    by: 'admin',
    fileName: null,
    change: null,
    mode: 'rows' as const,
    state: 'done' as const,
    rows: 1,
    done: 1,
    unknownColumns: [],
    counts,
    undone: 0,
    conflicts: 0,
    secretsWaiting: 1,
    secretsTakenAtMs: null,
    createdAtMs: 0,
    endedAtMs: 1,
  };
  const here = async (caller: Caller) => {
    requireHere(caller);
    return status;
  };
  return {
    dryRun: async () => ({ columns: ['id'], unknownColumns: [], counts, items: [] }),
    start: here,
    undo: here,
    takeSecrets: async (caller) => {
      requireHere(caller);
      return [{ id: 'kiosk-1', secret: 'one-time-secret' }];
    },
    list: {
      get: here,
      newest: async () => ({ items: [], next: null }),
      rows: async (caller) => {
        requireHere(caller);
        return { items: [], next: null };
      },
    },
  };
}

/** A change of one device of this district. */
function memoryDeviceChanges(): FieldParts['deviceChanges'] {
  const { start } = memoryImports();
  const counts = { create: 0, change: 1, same: 0, error: 0 };
  return {
    plan: async (caller) => {
      requireHere(caller);
      return { id: '00000000-0000-4000-8000-000000000001', count: 1, counts, untilMs: 0, items: [] };
    },
    start: (caller) => start(caller, { file: Buffer.alloc(0), fileName: null, mode: 'rows' }),
  };
}

/** Both, of this district. */
export function memoryImportParts(): Pick<FieldParts, 'imports' | 'deviceChanges'> {
  return { imports: memoryImports(), deviceChanges: memoryDeviceChanges() };
}

/** A list without devices. */
export function memoryDeviceExport(): DeviceExportPort {
  return {
    open: async () => ({
      contentType: 'text/csv; charset=utf-8',
      fileName: 'devices.csv',
      pieces: (async function* () {
        yield 'id\r\n';
      })(),
    }),
  };
}
