import type { Clock } from '../core/clock.ts';
import type { Observer } from '../core/observe.ts';
import type { Store } from '../telemetry/store.ts';
import type { HttpPort } from '../telemetry/stores/http-port.ts';
import { Influx1Store } from '../telemetry/stores/influx1.ts';
import { Influx2Store } from '../telemetry/stores/influx2.ts';
import type { Config } from './config.ts';
import type { ServiceAddresses } from './services.ts';

const RETENTION_DAYS = { raw: 90, fiveMinutes: 365, hour: 5 * 365 };

export interface StoreDeps {
  http: HttpPort;
  clock: Clock;
  observer: Observer;
}

/** Where telemetry is kept: InfluxDB 2.x where a token for it is set, else 1.x, which may be our own. */
export function chooseStore({ influx }: Config, address: ServiceAddresses['influx'], deps: StoreDeps): Store {
  const { token, org, bucket } = influx;
  const { url, local, ...login } = address;
  if (token && org && bucket) return new Influx2Store({ url, token, org, bucket, gzip: true }, deps);
  const options = { url, ...login, database: influx.database, retentionDays: RETENTION_DAYS, gzip: !local };
  return new Influx1Store(options, deps);
}
