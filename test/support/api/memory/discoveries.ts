import type { DiscoveriesPort } from '../../../../src/api/ports.ts';
import type { Caller } from '../../../../src/core/types.ts';
import { requireHere } from '../api-parts.ts';

/** One discovery of this district, whatever is asked for. */
export function memoryDiscoveries(): DiscoveriesPort {
  const status = {
    id: '00000000-0000-4000-8000-000000000002',
    by: 'admin',
    state: 'done' as const,
    multicast: true,
    probed: true,
    interfaces: 1,
    cidr: null,
    ports: [],
    addresses: 0,
    asked: 0,
    found: 0,
    dropped: 0,
    malformed: 0,
    createdAtMs: 0,
    endedAtMs: 1,
  };
  const here = async (caller: Caller) => {
    requireHere(caller);
    return status;
  };
  const nothing = { items: [], next: null };
  return {
    start: here,
    cancel: here,
    list: { get: here, newest: async () => nothing, found: async (caller) => here(caller).then(() => nothing) },
  };
}
