import { subnetOf } from '../../../core/address-block.ts';
import type { DeviceId } from '../../../core/types.ts';
import { sql, type Tables } from '../../../platform/database/database.ts';

/** The devices in an order in which those of one subnet stand apart, so that none of them holds up the rest. */
export async function inOrderOfChecking(tables: Tables, devices: readonly DeviceId[]): Promise<DeviceId[]> {
  return spreadOut(await subnetsOf(tables, devices));
}

interface Placed {
  device: DeviceId;
  subnet: string;
}

async function subnetsOf(tables: Tables, devices: readonly DeviceId[]): Promise<Placed[]> {
  const { rows } = await sql<{ id: DeviceId; address: string | null }>`
    select id, coalesce(onvif->>'xaddr', stream->'main'->>'url') as address
    from position where id = any(${devices}::text[]) order by id`.execute(tables.tables());
  return rows.map(({ id, address }) => {
    const host = address !== null && URL.canParse(address) ? new URL(address).hostname : '';
    return { device: id, subnet: subnetOf(host) };
  });
}

/** One of each subnet after the other. */
function spreadOut(devices: readonly Placed[]): DeviceId[] {
  const seen = new Map<string, number>();
  const ranked = devices.map(({ device, subnet }) => {
    const rank = seen.get(subnet) ?? 0;
    seen.set(subnet, rank + 1);
    return { device, rank };
  });
  return ranked.sort((a, b) => a.rank - b.rank).map(({ device }) => device);
}
