import type { Lifecycle } from '../../../core/mechanisms/lifecycle.ts';
import type { Config } from '../../config/config.ts';
import type { DataDirectory } from '../../local-services/data-directory.ts';
import { startInflux } from '../../local-services/influx.ts';
import { type PostgresDeps, startPostgres } from '../../local-services/postgres/postgres.ts';
import { startRedis } from '../../local-services/redis.ts';

/** Where the three servers are: our own children, or what the settings point to. */
export interface ServiceAddresses {
  database: string;
  redis: string;
  influx: { url: string; username: string | null; password: string | null; local: boolean };
  /** Present where InfluxDB is ours to restart. */
  restartInflux?: (() => Promise<void>) | undefined;
}

/** Starts only what rows need: for commands that change them while no gateway runs. */
export async function startDatabaseServer(
  config: Config,
  place: DataDirectory,
  deps: PostgresDeps,
  lifecycle: Lifecycle,
): Promise<string> {
  if (config.database.url !== null) return config.database.url;
  const postgres = await startPostgres(place, deps);
  lifecycle.onStop('postgres', (signal) => postgres.stop(signal));
  return postgres.url;
}

/** Starts the private servers that no setting replaces, side by side; registers the end of each that came up. */
export async function startServices(
  config: Config,
  place: DataDirectory,
  deps: PostgresDeps & { meanwhile(): void },
  lifecycle: Lifecycle,
): Promise<ServiceAddresses> {
  if (config.database.url !== null) deps.meanwhile();
  const [postgres, redis, influx] = await Promise.allSettled([
    config.database.url ? null : startPostgres(place, deps),
    config.redis.url ? null : startRedis(place, deps),
    config.influx.url ? null : startInflux(place, deps),
  ]);
  for (const [name, service] of Object.entries({ postgres, redis, influx })) {
    if (service.status !== 'fulfilled' || !service.value) continue;
    const running = service.value;
    lifecycle.onStop(name, (signal) => running.stop(signal));
  }
  const settled = <Value>(service: PromiseSettledResult<Value>): Value => {
    if (service.status === 'rejected') throw service.reason;
    return service.value;
  };
  const own = { postgres: settled(postgres), redis: settled(redis), influx: settled(influx) };
  return {
    database: own.postgres?.url ?? config.database.url ?? '',
    redis: own.redis?.url ?? config.redis.url ?? '',
    influx: own.influx
      ? { ...own.influx, local: true }
      : {
          url: config.influx.url ?? '',
          username: config.influx.username,
          password: config.influx.password,
          local: false,
        },
    restartInflux: own.influx ? async () => own.influx?.child.restart() : undefined,
  };
}
