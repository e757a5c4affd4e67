import type { DeviceId } from '../../core/types.ts';
import { sql, type Tables } from '../../platform/database/database.ts';
import type { CameraLease, HeldElsewhere, Leases } from './leases.ts';

export interface LeaseTableDeps {
  database: Tables;
  /** This gateway; a successor on the same data directory has the same name. */
  node: string;
  ttlMs?: number;
}

/** Longer than a fail-over of PostgreSQL (30 to 45 s), so that none ends a stream; as the gateway's own lease. */
const LEASE_TTL_MS = 60_000;

/** The leases of cameras in PostgreSQL (table `camera_lease`), by its clock. */
export class LeaseTable implements Leases {
  readonly ttlMs: number;
  readonly #database: Tables;
  readonly #node: string;

  constructor({ database, node, ttlMs = LEASE_TTL_MS }: LeaseTableDeps) {
    this.#database = database;
    this.#node = node;
    this.ttlMs = ttlMs;
  }

  async acquire(device: DeviceId): Promise<CameraLease | HeldElsewhere> {
    const until = this.#until();
    const { rows } = await sql<{ epoch: number }>`
      insert into camera_lease (device, node, epoch, until)
      values (${device}, ${this.#node}, nextval('camera_lease_epoch'), ${until})
      on conflict (device) do update set node = excluded.node, epoch = nextval('camera_lease_epoch'), until = ${until}
      where camera_lease.until <= clock_timestamp() or camera_lease.node = excluded.node
      returning epoch`.execute(this.#database.tables());
    return rows[0] ? { device, epoch: rows[0].epoch } : this.#holderOf(device);
  }

  async renew(leases: readonly CameraLease[]): Promise<ReadonlySet<DeviceId>> {
    const { rows } = await sql<{ device: DeviceId }>`
      update camera_lease set until = ${this.#until()} from ${listed(leases)}
      where camera_lease.device = mine.device and camera_lease.epoch = mine.epoch
      returning camera_lease.device`.execute(this.#database.tables());
    return new Set(rows.map(({ device }) => device));
  }

  async release(leases: readonly CameraLease[]): Promise<void> {
    await sql`
      delete from camera_lease using ${listed(leases)}
      where camera_lease.device = mine.device and camera_lease.epoch = mine.epoch`.execute(this.#database.tables());
  }

  async #holderOf(device: DeviceId): Promise<HeldElsewhere> {
    const { rows } = await sql<{ node: string; left_ms: number }>`
      select node, greatest(0, extract(epoch from until - clock_timestamp()) * 1000)::bigint as left_ms
      from camera_lease where device = ${device}`.execute(this.#database.tables());
    const [row] = rows;
    return row ? { node: row.node, leftMs: row.left_ms } : { node: 'unknown', leftMs: 0 };
  }

  #until() {
    return sql`clock_timestamp() + ${this.ttlMs} * interval '1 millisecond'`;
  }
}

/** The leases as rows `mine (device, epoch)`, however many they are. */
function listed(leases: readonly CameraLease[]) {
  const devices = leases.map(({ device }) => device);
  const epochs = leases.map(({ epoch }) => epoch);
  return sql`unnest(${devices}::text[], ${epochs}::bigint[]) as mine (device, epoch)`;
}
