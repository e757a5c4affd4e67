import type { DeviceId } from '../../core/types.ts';
import { sql, type Tables } from '../../platform/database/database.ts';

/** A device that is registered where something was found. */
export interface Registered {
  device: DeviceId;
  jurisdiction: string;
  /** `address`: it is reached there; `serial`: the unit that hangs there has this serial number. */
  by: 'address' | 'serial';
}

/** The host of a URL, as migration 0222 has it in its indexes. */
const HOST = sql.raw("'^[a-z]+://(?:[^/@]*@)?(\\[[^]]+\\]|[^/:?#]+)'");
/** A recorder has as many channels. */
const DEVICES_MAX = 2_000;

/** Devices that are not retired, by the address at which they are reached and by the serial number of their unit. */
export async function registeredAt(
  tables: Tables,
  { addresses, serials }: { addresses: readonly string[]; serials: readonly string[] },
): Promise<{ byAddress: Map<string, Registered[]>; bySerial: Map<string, Registered[]> }> {
  const { rows } = await sql<{ mark: string; by: Registered['by']; device: string; jurisdiction: string }>`
    select mark, by, device, jurisdiction from (
      select substring(onvif ->> 'xaddr' from ${HOST}) as mark, 'address' as by, id as device, jurisdiction
      from position where onvif is not null and state <> 'retired'
        and substring(onvif ->> 'xaddr' from ${HOST}) = any(${addresses}::text[])
      union
      select substring(stream -> 'main' ->> 'url' from ${HOST}), 'address', id, jurisdiction
      from position where stream is not null and state <> 'retired'
        and substring(stream -> 'main' ->> 'url' from ${HOST}) = any(${addresses}::text[])
      union
      select btrim(unit.serial), 'serial', position.id, position.jurisdiction
      from unit join assignment on unit_id = unit.id and to_ms is null
        join position on position.id = position_id and state <> 'retired'
      where unit.serial is not null and btrim(unit.serial) = any(${serials}::text[])
    ) as found order by device limit ${DEVICES_MAX}`.execute(tables.tables());
  const [byAddress, bySerial] = [new Map<string, Registered[]>(), new Map<string, Registered[]>()];
  for (const { mark, by, device, jurisdiction } of rows) {
    const map = by === 'address' ? byAddress : bySerial;
    map.set(mark, [...(map.get(mark) ?? []), { device, jurisdiction, by }]);
  }
  return { byAddress, bySerial };
}
