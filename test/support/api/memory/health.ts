import type { ApiDeps } from '../../../../src/api/deps.ts';

/** Devices that are all well. */
export function memoryHealth(): ApiDeps['deviceHealth'] {
  const well = { health: 'online', cause: null, sinceMs: 0, why: null, because: null, maintenance: false } as const;
  const counts = { online: 1, degraded: 0, offline: 0, unknown: 0, maintenance: 0 };
  return {
    of: () => well,
    told: () => well,
    lies: () => true,
    changes: { epoch: 'epoch-1', head: 0, next: async () => [] },
    list: async () => ({ counts, items: [], next: null }),
    stretchesOf: async () => [{ what: 'offline', fromMs: 0, toMs: null }],
    downtimeOf: async () => ({ offlineMs: 0, countedMs: 0 }),
  };
}
