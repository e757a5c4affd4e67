import { readFileSync } from 'node:fs';
import { MQTT_NAME, MQTT_SETTINGS, type MqttSettings } from '../mqtt/settings.ts';
import type { Uplink, UplinkDeps, UplinkType } from '../uplink.ts';
import { ExternalMqtt } from './broker-uplink.ts';
import { checkBroker } from './check.ts';
import { EXTERNAL_MQTT_DEFAULTS } from './options.ts';

/** Name of our session at a broker. It outlives the data directory: what the broker kept meanwhile is not stranded. */
const CLIENT_ID = 'citywatch';

/** Devices that connect to a broker which is not ours, and that we read from. */
export const mqttBroker: UplinkType<typeof MQTT_NAME, typeof MQTT_SETTINGS> = {
  name: MQTT_NAME,
  diskNumber: 0,
  needed: true,
  settings: MQTT_SETTINGS,
  listens: () => [],
  check: (settings, { signal }) => checkBroker(settings, signal),
  open: (settings, deps) => (settings.url === null ? null : openBroker(settings.url, settings, deps)),
};

function openBroker(url: string, { caFile }: MqttSettings, deps: UplinkDeps): Uplink {
  const { devices, intake, rates, clock, observer } = deps;
  const broker = new ExternalMqtt(
    {
      identity: (id) => devices.identity(id),
      find: (id) => devices.find(id),
      accept: (message) => intake.accept(message),
      mayRefuse: () => deps.mayRefuse(),
      listening: () => deps.listening(),
      kinds: rates,
      clock,
      observer,
    },
    { ...EXTERNAL_MQTT_DEFAULTS, url, clientId: CLIENT_ID, ca: caFile === null ? null : readFileSync(caFile) },
  );
  const { protocol, hostname, port } = new URL(url);
  const urls = [`${protocol}//${hostname}:${port || (protocol === 'mqtts:' ? 8883 : 1883)}`];
  return {
    name: mqttBroker.name,
    start: async () => broker.start(),
    stop: (signal) => broker.stop(signal),
    status: () => {
      const { ok, reason } = broker.status();
      return { ok, reason: ok ? null : (reason ?? 'not connected to the broker'), urls };
    },
    commands: broker.downlink,
  };
}
