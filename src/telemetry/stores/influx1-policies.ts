import { escape as influxEscape } from 'influx';
import { daysOf, type RetentionDays, type Tier } from './store.ts';

/** What is needed of the server to look at its retention policies and to change them. */
export interface PolicyCalls {
  policies(): Promise<{ name: string; duration: string; shardGroupDuration: string; default: boolean }[]>;
  command(statement: string): Promise<void>;
}

/**
 * Days that one shard holds, unless its policy keeps less: InfluxDB deletes whole shards, so a shard is also how long
 * points outlive their retention. Its own choice of 7 days would make 260 files of five years of hours.
 */
const SHARD_DAYS: Record<Tier, number> = { raw: 1, '5m': 7, '1h': 28 };

/** Makes a retention policy per tier or changes it to the settings; the raw one is the database's default. */
export async function ensurePolicies(
  database: string,
  retention: RetentionDays,
  { policies, command }: PolicyCalls,
): Promise<void> {
  const found = await policies();
  for (const tier of ['raw', '5m', '1h'] as const) {
    const days = daysOf(retention, tier);
    const hours = 24 * days;
    const shardHours = 24 * Math.min(SHARD_DAYS[tier], days);
    const isDefault = tier === 'raw';
    const existing = found.find(({ name }) => name === tier);
    if (
      existing?.duration === `${hours}h0m0s` &&
      existing.shardGroupDuration === `${shardHours}h0m0s` &&
      existing.default === isDefault
    ) {
      continue;
    }
    // The library knows no shard duration, and without one a shorter retention is refused for the shards there are.
    await command(
      `${existing ? 'ALTER' : 'CREATE'} RETENTION POLICY ${influxEscape.quoted(tier)} ON ` +
        `${influxEscape.quoted(database)} DURATION ${hours}h REPLICATION 1 SHARD DURATION ${shardHours}h` +
        `${isDefault ? ' DEFAULT' : ''}`,
    );
  }
}
