import { connect } from 'node:net';
import { MqttClient } from 'mqtt';
import type { Gateway } from '../gateway/gateway.ts';
import type { Owner } from '../services/services.ts';
import { until } from '../time/until.ts';

/** A device on MQTT that comes back by itself, also when the gateway comes back on another port. */
export class MqttDevice {
  readonly id: string;
  readonly #client: MqttClient;

  private constructor(id: string, client: MqttClient) {
    this.id = id;
    this.#client = client;
  }

  /** Registers `count` devices named after their kind, `recycling-kiosk-0` and on, and connects them. */
  static async connect(t: Owner, gateway: Gateway, { kind = 'recycling-kiosk', count = 1, cameras = [] as string[] }) {
    const devices: MqttDevice[] = [];
    for (let number = 0; number < count; number += 1) {
      const id = `${kind}-${number}`;
      const client = dial(gateway, id, await gateway.register({ id, kind, cameras }));
      t.teardown(() => void client.end(true));
      devices.push(new MqttDevice(id, client));
    }
    await until('all devices are connected', () => devices.every((device) => device.#client.connected));
    return devices;
  }

  /** Resolves when the reading is acknowledged, which may be after the gateway has come back. */
  report(values: Record<string, number | boolean>): Promise<void> {
    return this.#publish('telemetry', { ts: Date.now(), values });
  }

  /** As {@link report}. */
  tell(type: string, id: string, data: Record<string, unknown>): Promise<void> {
    return this.#publish('event', { ts: Date.now(), id, type, data });
  }

  burn(): Promise<void> {
    return this.report({ smoke: true, temp_c: 85 });
  }

  #publish(channel: string, record: unknown): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#client.publish(`cw/v1/${this.id}/${channel}`, JSON.stringify(record), { qos: 1 }, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }
}

function dial(gateway: Gateway, id: string, secret: string): MqttClient {
  const client = new MqttClient(() => connect(gateway.mqttPort, '127.0.0.1'), {
    clientId: id,
    username: id,
    password: secret,
    clean: false,
    reconnectPeriod: 100,
    protocolVersion: 4,
    connectTimeout: 3_000,
    keepalive: 10,
  });
  client.on('error', () => {});
  return client;
}
