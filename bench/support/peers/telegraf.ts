import type { Judge } from '../../../test/support/judges.ts';
import { installed, type Peer, PeerProcess } from './peer.ts';

export interface TelegrafSettings {
  mqttPort: number;
  influx: { url: string; username: string; password: string };
}

/** Takes the messages of a broker into InfluxDB. Debian does not have it. */
export class Telegraf implements Peer<TelegrafSettings> {
  readonly name = 'Telegraf';
  readonly #process = new PeerProcess();

  async find(): Promise<Judge | null> {
    return installed('telegraf');
  }

  async start(program: Judge, settings: TelegrafSettings): Promise<void> {
    const configuration = configurationOf(settings);
    await this.#process.start(program, {
      name: 'telegraf.conf',
      configuration,
      args: (path) => ['--quiet', '--config', path],
      port: null,
    });
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }

  cpu(): number {
    return this.#process.cpu();
  }
}

/** Messages wait for InfluxDB before they are acknowledged to the broker, and a reading is written within 100 ms. */
function configurationOf({ mqttPort, influx }: TelegrafSettings): string {
  return `[agent]
  interval = "1s"
  flush_interval = "100ms"
  metric_batch_size = 5000
  metric_buffer_limit = 200000
  omit_hostname = true
[[inputs.mqtt_consumer]]
  servers = ["tcp://127.0.0.1:${mqttPort}"]
  topics = ["cw/v1/+/telemetry"]
  qos = 1
  max_undelivered_messages = 20000
  data_format = "json"
  json_time_key = "ts"
  json_time_format = "unix_ms"
  json_string_fields = ["values_smoke"]
  name_override = "telemetry"
[[outputs.influxdb]]
  urls = ["${influx.url}"]
  database = "peer"
  username = "${influx.username}"
  password = "${influx.password}"
`;
}
