import { CitywatchError } from '../../core/errors.ts';
import { covers, ownArea } from '../../core/jurisdiction.ts';
import type { Caller, DeviceId } from '../../core/types.ts';
import { sql, type Tables, withinJurisdiction } from '../../platform/database/database.ts';
import { newestFirst } from '../../platform/database/newest-first.ts';
import type { Finding } from './finding.ts';
import { type Registered, registeredAt } from './registered.ts';
import type { DiscoveryRow, DiscoveryState, DiscoveryTables } from './tables.ts';

/** A discovery as it is shown. */
export interface DiscoveryStatus {
  id: string;
  by: string;
  state: DiscoveryState;
  multicast: boolean;
  /** Whether all were asked by multicast and that is over. */
  probed: boolean;
  interfaces: number | null;
  cidr: string | null;
  ports: number[];
  addresses: number;
  /** Addresses that were asked one by one. */
  asked: number;
  found: number;
  dropped: number;
  malformed: number;
  createdAtMs: number;
  endedAtMs: number | null;
}

/** What was found, and what is registered there now. */
export interface FoundDevice extends Finding {
  foundAtMs: number;
  /**
   * An address counts across the border too, so that no camera is registered twice: who asks reaches it already. A
   * serial number does not: whoever can let something answer with one of their choice would learn where else it hangs.
   */
  registered: 'no' | Registered['by'];
  /** Those of them that the caller may see. */
  devices: DeviceId[];
}

const DEVICES_MAX = 16;

/** The discovery, where the caller may see it. Errors: `not-found`, also for one of somebody who may see more. */
export async function discoveryOf(tables: Tables, caller: Caller, id: string, lock?: 'lock'): Promise<DiscoveryRow> {
  const all = tables.tables<DiscoveryTables>().selectFrom('discovery').selectAll().where('id', '=', id);
  const query = withinJurisdiction(all, 'jurisdiction', ownArea(caller));
  const found = await (lock ? query.forUpdate() : query).executeTakeFirst();
  if (!found) throw new CitywatchError('not-found');
  return found;
}

/** Discoveries, each for those who may see all that whoever began it may see. */
export class DiscoveryList {
  readonly #database: Tables;

  constructor(database: Tables) {
    this.#database = database;
  }

  /** Errors: `not-found`. */
  async get(caller: Caller, id: string): Promise<DiscoveryStatus> {
    const [status] = await this.#statuses([await discoveryOf(this.#database, caller, id)]);
    return status!;
  }

  /** Newest first. */
  async newest(
    caller: Caller,
    { limit, after }: { limit: number; after?: string },
  ): Promise<{ items: DiscoveryStatus[]; next: string | null }> {
    const last = after === undefined ? null : await discoveryOf(this.#database, caller, after);
    const all = this.#database.tables<DiscoveryTables>().selectFrom('discovery').selectAll();
    const seen = withinJurisdiction(all, 'jurisdiction', ownArea(caller));
    const { rows, next } = await newestFirst(seen, { limit, last });
    return { items: await this.#statuses(rows), next };
  }

  /** What one found, by address and port as text. Errors: `not-found`. */
  async found(
    caller: Caller,
    id: string,
    { limit, after = '' }: { limit: number; after?: string },
  ): Promise<{ items: FoundDevice[]; next: string | null }> {
    await discoveryOf(this.#database, caller, id);
    const all = this.#database.tables<DiscoveryTables>().selectFrom('discovery_found').selectAll();
    const query = all.where('discovery', '=', id).where('door', '>', after).orderBy('door');
    const rows = await query.limit(limit + 1).execute();
    const page = rows.slice(0, limit);
    const addresses = page.map(({ address }) => address);
    const serials = page.flatMap(({ serial }) => (serial === null ? [] : [serial.trim()]));
    const known = await registeredAt(this.#database, { addresses, serials });
    const items = page.map(({ discovery: _, found_at_ms: foundAtMs, ...finding }) => {
      const isOwn = ({ jurisdiction }: Registered) => covers(ownArea(caller), jurisdiction);
      const here =
        known.byAddress.get(finding.address) ?? known.bySerial.get(finding.serial?.trim() ?? '')?.filter(isOwn) ?? [];
      const seen = here.filter(isOwn);
      const devices = seen.slice(0, DEVICES_MAX).map(({ device }) => device);
      return { ...finding, foundAtMs, registered: here[0]?.by ?? ('no' as const), devices };
    });
    return { items, next: rows.length > limit ? page.at(-1)!.door : null };
  }

  async #statuses(rows: readonly DiscoveryRow[]): Promise<DiscoveryStatus[]> {
    const { rows: counted } = await sql<{ discovery: string; count: number }>`
      select discovery, count(*)::int as count from discovery_found
      where discovery = any(${rows.map(({ id }) => id)}::text[]) group by discovery`.execute(this.#database.tables());
    const counts = new Map(counted.map(({ discovery, count }) => [discovery, count]));
    return rows.map((row) => ({
      id: row.id,
      by: row.caller.name,
      state: row.state,
      multicast: row.multicast,
      probed: row.probed,
      interfaces: row.interfaces,
      cidr: row.cidr,
      ports: row.ports,
      addresses: row.address_count,
      asked: row.next_address,
      found: counts.get(row.id) ?? 0,
      dropped: row.dropped,
      malformed: row.malformed,
      createdAtMs: row.created_at_ms,
      endedAtMs: row.ended_at_ms,
    }));
  }
}
