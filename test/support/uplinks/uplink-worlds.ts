import { once } from 'node:events';
import { connect } from 'node:net';
import { generate } from 'mqtt-packet';
import type { Test } from 'tap';
import type { ApiDeps } from '../../../src/api/deps.ts';
import { mqttBroker } from '../../../src/ingest/uplinks/broker/uplink.ts';
import { type HttpUplink, http } from '../../../src/ingest/uplinks/http/uplink.ts';
import { mqttListener } from '../../../src/ingest/uplinks/mqtt/uplink.ts';
import { type OnvifEvents, onvif } from '../../../src/ingest/uplinks/onvif/camera-events.ts';
import type { Uplink, UplinkDeps, UplinkType } from '../../../src/ingest/uplinks/uplink.ts';
import type { UplinkValues } from '../../../src/ingest/uplinks/uplinks.ts';
import { linesUplink } from '../../fixtures/uplinks/lines/lines.ts';
import { bearer, startApi } from '../api/api.ts';
import { until } from '../time/until.ts';
import { Broker } from './broker.ts';
import { metric, publishPacket, RawClient, SECRET } from './mqtt.ts';

/** The devices of a world; the gateway knows them by {@link SECRET}. */
export const DEVICES = ['kiosk-1', 'kiosk-2'] as const;
export type DeviceOfWorld = (typeof DEVICES)[number];
/** Knows no secret of this gateway. */
export const STRANGER = 'kiosk-9';

/** One device on its way to an uplink. */
export interface WorldDevice {
  /** Says one thing, once. */
  say(text: string): void;
  /** How many things the uplink has acknowledged, to the device or to whoever brought them. */
  acked(): Promise<number> | number;
  /** Whether its connection is gone. */
  isGone?(): boolean;
  /** Listens to its commands; they are in `told`. */
  listen?(): Promise<void>;
  told?: string[];
}

/** The other side of one uplink, as its conformance test needs it. */
export interface UplinkWorld {
  settings: UplinkValues;
  /** A device that is connected, once the uplink is started. */
  device(id: DeviceOfWorld): Promise<WorldDevice>;
  /** Somebody who is not known says something; resolves when that has had its effect. */
  stranger(text: string): Promise<void>;
}

interface Ground {
  uplink(): Uplink;
  deps: UplinkDeps;
}

type MakeWorld = (t: Test, ground: Ground) => Promise<UplinkWorld>;

/** An uplink without a world fails its test. */
export const UPLINK_WORLDS: ReadonlyMap<UplinkType, MakeWorld> = new Map<UplinkType, MakeWorld>([
  [mqttListener, mqttWorld],
  [mqttBroker, brokerWorld],
  [http, httpWorld],
  [onvif, onvifWorld],
  [linesUplink, linesWorld],
]);

const HERE = { host: '127.0.0.1', port: 0 };
const NO_BROKER = { url: null, caFile: null, shareGroup: null, brokerSecret: null };

function portOf(uplink: Uplink): number {
  return Number(new URL(uplink.status().urls[0] ?? '').port);
}

async function mqttWorld(t: Test, { uplink }: Ground): Promise<UplinkWorld> {
  return {
    settings: { ...HERE, ...NO_BROKER, tlsPort: 0 },
    device: async (id) => {
      const client = await RawClient.device(t, portOf(uplink()), id);
      const told: string[] = [];
      let packetId = 0;
      return {
        say: (text) => {
          packetId += 1;
          client.send(publishPacket({ topic: `cw/v1/${id}/telemetry`, payload: text, id: packetId }));
        },
        acked: () => client.ackIds.length,
        isGone: () => client.isClosed,
        told,
        listen: async () => {
          const subscriptions = [{ topic: `cw/v1/${id}/command`, qos: 1 as const }];
          client.send(generate({ cmd: 'subscribe', messageId: 1, subscriptions }));
          client.socket.on('data', () => {
            for (const { payload, messageId = 0 } of client.of('publish').slice(told.length)) {
              told.push(String(payload));
              client.send(generate({ cmd: 'puback', messageId }));
            }
          });
          await client.until(() => client.of('suback').length > 0);
        },
      };
    },
    stranger: async (text) => {
      const client = await RawClient.device(t, portOf(uplink()), STRANGER, { password: Buffer.from('guess') });
      client.send(publishPacket({ topic: `cw/v1/${STRANGER}/telemetry`, payload: text }));
      await client.closed;
    },
  };
}

async function brokerWorld(t: Test, { uplink, deps }: Ground): Promise<UplinkWorld> {
  const broker = await Broker.start(t, [...DEVICES, STRANGER]);
  const settings = { ...HERE, ...NO_BROKER, tlsPort: 0, url: broker.url };
  const acked = (): Promise<number> => metric(deps.observer, 'citywatch_mqtt_broker_acks_total');
  const enter = async (id: string) => {
    await until('subscribed', () => uplink().status().ok);
    return await broker.device(t, id);
  };
  return {
    settings,
    device: async (id) => {
      const client = await enter(id);
      const told: string[] = [];
      client.on('message', (_topic, payload) => told.push(payload.toString()));
      const before = await acked();
      return {
        say: (text) => void client.publish(`cw/v1/${id}/telemetry`, text, { qos: 1 }),
        acked: async () => (await acked()) - before,
        told,
        listen: async () => void (await client.subscribeAsync(`cw/v1/${id}/command`, { qos: 1 })),
      };
    },
    stranger: async (text) => {
      const client = await enter(STRANGER);
      const before = await acked();
      await client.publishAsync(`cw/v1/${STRANGER}/telemetry`, text, { qos: 1 });
      await until('it is dropped', async () => (await acked()) > before);
    },
  };
}

/** The routes are the API's: it is the real one, on parts in memory. */
async function httpWorld(t: Test, { uplink, deps }: Ground): Promise<UplinkWorld> {
  const settings = HERE;
  const directory: ApiDeps['directory'] = {
    ...deps.devices,
    within: () => [],
    placed: () => [],
    changes: () => 0,
    counts: () => [],
    seenBy: () => undefined,
    everSeenBy: () => undefined,
    needsIncident: () => true,
  };
  let started: ReturnType<typeof startApi> | null = null;
  const post = async (id: string, secret: string, payload: string) => {
    const headers = { ...bearer(`${id}:${secret}`), 'content-type': 'application/json' };
    started ??= startApi(t, { http: uplink() as HttpUplink, directory });
    return await (await started).call({ method: 'POST', url: `/api/v1/devices/${id}/telemetry`, headers, payload });
  };
  return {
    settings,
    device: async (id) => {
      let acked = 0;
      const say = async (text: string): Promise<void> => {
        const { status } = await post(id, SECRET, text);
        if (status === 202) acked += 1;
      };
      return { say: (text) => void say(text), acked: () => acked };
    },
    stranger: async (text) => void (await post(STRANGER, 'guess', text)),
  };
}

/** The cameras are the device layer's; here their events are handed over, again and again until they are taken. */
async function onvifWorld(t: Test, { uplink }: Ground): Promise<UplinkWorld> {
  let isOver = false;
  t.teardown(() => {
    isOver = true;
  });
  const take = async (id: string, text: string): Promise<number> => {
    const event = { type: 'motion', topic: 'RuleEngine/Motion', atMs: null, identity: text, data: { text } };
    return (await (uplink() as OnvifEvents).take(id, [event])).length;
  };
  return {
    settings: {},
    device: async (id) => {
      let acked = 0;
      const say = async (text: string): Promise<void> => {
        const isTaken = async (): Promise<boolean> => isOver || (await take(id, text)) === 0;
        await until('the event is taken', isTaken, Number.POSITIVE_INFINITY);
        if (!isOver) acked += 1;
      };
      return { say: (text) => void say(text), acked: () => acked };
    },
    stranger: async (text) => void (await take(STRANGER, text)),
  };
}

async function linesWorld(t: Test, { uplink }: Ground): Promise<UplinkWorld> {
  const open = async (hello: string) => {
    const socket = connect({ port: portOf(uplink()), host: '127.0.0.1' })
      .setEncoding('utf8')
      .on('error', () => {});
    t.teardown(() => void socket.destroy());
    const heard: string[] = [];
    let rest = '';
    socket.on('data', (text) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      heard.push(...lines);
    });
    await once(socket, 'connect');
    socket.write(`${hello}\n`);
    return { socket, heard };
  };
  return {
    settings: HERE,
    device: async (id) => {
      const { socket, heard } = await open(`HELLO ${id} ${SECRET}`);
      await until('it is known', () => heard.includes('HI'));
      const told: string[] = [];
      // Beyond what 16 bits hold, as no packet id of MQTT is.
      let place = 70_000;
      socket.on('data', () => {
        const commands = heard.map((line) => line.split(' ')).filter(([word]) => word === 'DO');
        for (const [, number, ...words] of commands.slice(told.length)) {
          told.push(words.join(' '));
          socket.write(`DONE ${number}\n`);
        }
      });
      return {
        say: (text) => {
          place += 1;
          socket.write(`SAY ${place} telemetry ${text}\n`);
        },
        acked: () => heard.filter((line) => line.startsWith('OK ')).length,
        isGone: () => socket.destroyed,
        told,
        listen: async () => void socket.write('LISTEN\n'),
      };
    },
    stranger: async (text) => {
      const { socket } = await open(`HELLO ${STRANGER} guess\nSAY 1 telemetry ${text}`);
      await once(socket, 'close');
    },
  };
}
