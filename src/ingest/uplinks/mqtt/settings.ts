import { host, name, path, port, secret, url, type ValuesOf } from '../../../core/setup/setting.ts';

/** The name of the uplink, be it a listener of our own or a broker that we read from; in the journal for good. */
export const MQTT_NAME = 'mqtt';

/** Of MQTT, be it at a listener of our own or at a broker that we read from. */
export const MQTT_SETTINGS = {
  host: host(['CITYWATCH_MQTT_HOST', 'Address the MQTT listener listens on.']),
  port: port(['CITYWATCH_MQTT_PORT', 'Port of MQTT without TLS; 0 takes any free one and prints it.'], 1883),
  tlsPort: port(['CITYWATCH_MQTTS_PORT', 'Port of MQTT with TLS, used when a certificate is set.'], 8883),
  url: url(['MQTT_URL', 'External MQTT broker in place of the embedded listener.'], ['mqtt', 'mqtts'], 'allowed'),
  caFile: path([
    'MQTT_CA_FILE',
    'Certificates (PEM) of those who may issue that of the broker, where it is none that Node.js knows.',
  ]),
  shareGroup: name([
    'CITYWATCH_MQTT_SHARE_GROUP',
    'Refused: several gateways at one broker would each judge by a part of the messages of a device.',
  ]),
  brokerSecret: secret(
    ['CITYWATCH_BROKER_SECRET', 'What a broker shows when it asks whether a device may connect.'],
    32,
  ),
} as const;

export type MqttSettings = ValuesOf<typeof MQTT_SETTINGS>;
