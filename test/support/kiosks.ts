import { connect } from 'node:net';
import { MqttClient } from 'mqtt';
import type { Gateway } from './gateway.ts';
import { until } from './processes.ts';
import type { Owner } from './services.ts';

/** A kiosk on MQTT that comes back by itself, also when the gateway comes back on another port. */
export class Kiosk {
  readonly id: string;
  readonly #client: MqttClient;

  private constructor(id: string, client: MqttClient) {
    this.id = id;
    this.#client = client;
  }

  /** Registers `count` kiosks named `kiosk-0`, `kiosk-1` … and connects them. */
  static async connect(t: Owner, gateway: Gateway, count: number): Promise<Kiosk[]> {
    const kiosks: Kiosk[] = [];
    for (let number = 0; number < count; number += 1) {
      const id = `kiosk-${number}`;
      const client = dial(gateway, id, await gateway.register({ id }));
      t.teardown(() => void client.end(true));
      kiosks.push(new Kiosk(id, client));
    }
    await until('all kiosks are connected', () => kiosks.every((kiosk) => kiosk.#client.connected));
    return kiosks;
  }

  /** Resolves when the reading is acknowledged, which may be after the gateway has come back. */
  report(values: Record<string, number | boolean>): Promise<void> {
    const payload = JSON.stringify({ ts: Date.now(), values });
    return new Promise((resolve, reject) => {
      this.#client.publish(`cw/v1/${this.id}/telemetry`, payload, { qos: 1 }, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }

  burn(): Promise<void> {
    return this.report({ smoke: true, temp_c: 85 });
  }
}

function dial(gateway: Gateway, id: string, secret: string): MqttClient {
  const client = new MqttClient(() => connect(gateway.mqttPort, '127.0.0.1'), {
    ...{ clientId: id, username: id, password: secret, clean: false, reconnectPeriod: 100, protocolVersion: 4 },
    ...{ connectTimeout: 3_000, keepalive: 10 },
  });
  client.on('error', () => {});
  return client;
}
