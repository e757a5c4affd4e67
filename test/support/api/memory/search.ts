import type { SearchPort } from '../../../../src/api/ports.ts';
import { covers } from '../../../../src/core/jurisdiction.ts';
import type { Caller, DeviceIdentity } from '../../../../src/core/types.ts';
import type { Facets } from '../../../../src/devices/search/counting.ts';
import { FIELD_NAMES } from '../../../../src/devices/search/fields.ts';

const MAP_MAX = 500;

/** A search that lists what a registry in memory has, whatever is looked for. */
export function memorySearch(registry: Pick<SearchPort, 'list'>): SearchPort {
  return {
    list: (caller, filter) => registry.list(caller, filter),
    facets: async (caller, filter) => {
      const { items } = await registry.list(caller, { ...filter, limit: MAP_MAX });
      const fields = Object.fromEntries(FIELD_NAMES.map((name) => [name, []])) as unknown as Facets['fields'];
      return { total: items.length, fields, tag: [], police: [], health: [], jurisdiction: [] };
    },
    owners: async () => [],
    async *pages(caller, filter) {
      yield (await registry.list(caller, { ...filter, limit: MAP_MAX })).items;
    },
  };
}

/** Who sees which of these devices, of which none is retired. */
export function memorySight(devices: ReadonlyMap<string, DeviceIdentity>) {
  const seenBy = (caller: Caller, id: string): DeviceIdentity | undefined => {
    const device = devices.get(id);
    return device && covers(caller, device) ? device : undefined;
  };
  return { seenBy, everSeenBy: seenBy };
}
