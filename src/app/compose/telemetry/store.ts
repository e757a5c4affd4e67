import type { Clock } from '../../../core/clock.ts';
import type { Observer } from '../../../core/observe.ts';
import type { HttpPort } from '../../../telemetry/stores/http-port.ts';
import { Influx1Store } from '../../../telemetry/stores/influx1.ts';
import { Influx2Store } from '../../../telemetry/stores/influx2.ts';
import type { RetentionDays, Store } from '../../../telemetry/stores/store.ts';
import type { Config } from '../../config/config.ts';
import type { ServiceAddresses } from '../ground/services.ts';

export interface StoreDeps {
  http: HttpPort;
  clock: Clock;
  observer: Observer;
}

/** Where telemetry is kept: InfluxDB 2.x where a token for it is set, else 1.x, which may be our own. */
export function chooseStore(config: Config, address: ServiceAddresses['influx'], deps: StoreDeps): Store {
  const { influx } = config;
  const retentionDays = retentionOf(config);
  const { token, org, bucket } = influx;
  const { url, local, ...login } = address;
  if (token && org && bucket) return new Influx2Store({ url, token, org, bucket, retentionDays, gzip: true }, deps);
  const options = { url, ...login, database: influx.database, retentionDays, gzip: !local };
  return new Influx1Store(options, deps);
}

export function retentionOf({ retention }: Config): RetentionDays {
  return { raw: retention.rawDays, fiveMinutes: retention.fiveMinuteDays, hour: retention.hourDays };
}
