import { readFileSync } from 'node:fs';
import type { Clock } from '../../../core/clock.ts';
import { CitywatchError } from '../../../core/errors.ts';
import type { Lifecycle } from '../../../core/mechanisms/lifecycle.ts';
import type { Observer } from '../../../core/observe.ts';
import type { NewMessage, Receipt } from '../../../core/types.ts';
import type { Directory } from '../../../devices/registry/directory.ts';
import { ExternalMqtt } from '../../../ingest/uplinks/broker/broker-uplink.ts';
import type { HeldLease } from '../../../ingest/uplinks/common/intake.ts';
import type { RateBudget } from '../../../ingest/uplinks/common/rate-budget.ts';
import { MqttListener } from '../../../ingest/uplinks/mqtt/listener.ts';
import type { Config } from '../../config/config.ts';
import type { TlsFiles, TlsMaterial } from '../../tls.ts';
import type { Downlink } from './downlink.ts';

export interface MqttParts {
  config: Config['mqtt'];
  directory: Directory;
  accept(message: NewMessage): Promise<Receipt>;
  tls: TlsFiles;
  lease: HeldLease;
  /** What all devices of one kind may send together. */
  rates: RateBudget;
  downlink: Pick<Downlink, 'sender'>;
  clock: Clock;
  observer: Observer;
  lifecycle: Lifecycle;
}

/** Where devices speak MQTT: at a listener of our own, or at a broker that we read from. */
export interface MqttDoor {
  /** Where devices connect, without credentials. */
  url: string;
  tlsPort: number | null;
  /** Throws why no message comes in, when that is so. */
  check(): void;
  /** Ends the device's connection, where it is ours to end. */
  disconnect(deviceId: string): void;
  reloadTls(material: TlsMaterial): void;
}

/** Name of our session at a broker. It outlives the data directory: what the broker kept meanwhile is not stranded. */
const CLIENT_ID = 'citywatch';

export function startMqtt(parts: MqttParts): Promise<MqttDoor> | MqttDoor {
  return parts.config.url === null ? listen(parts) : readFrom(parts.config.url, parts);
}

async function listen(parts: MqttParts): Promise<MqttDoor> {
  const { config, directory, accept, tls, rates, clock, observer, lifecycle } = parts;
  const { sender } = parts.downlink;
  const authenticate = (id: string, secret: string) => directory.authenticate(id, secret);
  const listening = (id: string) => sender.listening(id);
  const listener = new MqttListener(
    { authenticate, accept, listening, kinds: rates, clock, observer },
    { host: config.host, port: config.port, ...tls.forMqtt(config.tlsPort) },
  );
  sender.connect(listener.downlink);
  const { port, tlsPort } = await listener.start();
  lifecycle.onStop('mqtt', (signal) => listener.stop(signal));
  return {
    url: `mqtt://${config.host}:${port}`,
    tlsPort,
    check: () => {},
    disconnect: (id) => listener.disconnect(id),
    reloadTls: (material) => listener.reloadTls(material),
  };
}

function readFrom(url: string, parts: MqttParts): MqttDoor {
  const { config, directory, accept, rates, clock, observer, lifecycle } = parts;
  const identity = (id: string) => directory.identity(id);
  const { caFile } = config;
  const options = { url, clientId: CLIENT_ID, ca: caFile === null ? null : readFileSync(caFile) };
  const { sender } = parts.downlink;
  const listening = () => sender.listening();
  const mayRefuse = () => parts.lease.held();
  const uplink = new ExternalMqtt({ identity, accept, mayRefuse, listening, kinds: rates, clock, observer }, options);
  sender.connect(uplink.downlink);
  uplink.start();
  lifecycle.onStop('mqtt', (signal) => uplink.stop(signal));
  const { protocol, hostname, port } = new URL(url);
  return {
    url: `${protocol}//${hostname}:${port || (protocol === 'mqtts:' ? 8883 : 1883)}`,
    tlsPort: null,
    check: () => {
      const { ok, reason } = uplink.status();
      if (!ok) throw new CitywatchError('store.unavailable', { detail: reason ?? 'not connected to the broker' });
    },
    disconnect: () => {},
    reloadTls: () => {},
  };
}
