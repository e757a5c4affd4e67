import type { Listening, Uplink, UplinkDeps, UplinkType } from '../uplink.ts';
import { MqttListener } from './listener.ts';
import { MQTT_DEFAULTS } from './options.ts';
import { MQTT_NAME, MQTT_SETTINGS, type MqttSettings } from './settings.ts';

/** Devices that connect to a listener of our own. */
export const mqttListener: UplinkType<typeof MQTT_NAME, typeof MQTT_SETTINGS> = {
  name: MQTT_NAME,
  diskNumber: 0,
  needed: true,
  settings: MQTT_SETTINGS,
  listens,
  check: async () => [],
  open: (settings, deps) => (settings.url === null ? openListener(settings, deps) : null),
};

function listens({ url, host, port, tlsPort }: MqttSettings, hasTls: boolean): Listening[] {
  if (url !== null) return [];
  const plain = { host, port, setting: 'CITYWATCH_MQTT_PORT' };
  return hasTls ? [plain, { host, port: tlsPort, setting: 'CITYWATCH_MQTTS_PORT' }] : [plain];
}

function openListener({ host, port, tlsPort }: MqttSettings, deps: UplinkDeps): Uplink {
  const { devices, intake, rates, tls, clock, observer } = deps;
  const listener = new MqttListener(
    {
      authenticate: (id, secret) => devices.authenticate(id, secret),
      accept: (message) => intake.accept(message),
      listening: (id) => deps.listening(id),
      connected: (id, now) => deps.connected(id, now),
      kinds: rates,
      clock,
      observer,
    },
    { ...MQTT_DEFAULTS, host, port, ...(tls !== null && { tls: { ...tls, port: tlsPort } }) },
  );
  let urls: string[] = [];
  let reason: string | null = 'not listening yet';
  return {
    name: mqttListener.name,
    start: async () => {
      const got = await listener.start();
      reason = null;
      urls = [`mqtt://${host}:${got.port}`, ...(got.tlsPort === null ? [] : [`mqtts://${host}:${got.tlsPort}`])];
    },
    stop: async (signal) => {
      reason = 'stopped';
      await listener.stop(signal);
    },
    status: () => ({ ok: reason === null, reason, urls }),
    disconnect: (device) => listener.disconnect(device),
    reloadTls: (material) => listener.reloadTls(material),
    connected: (device) => listener.downlink.connected(device),
    commands: listener.downlink,
  };
}
