import { z } from 'zod';
import { ROLES as RIGHT_ROLES } from '../../access/rights.ts';
import type { SinkType } from '../../alerts/sinks/sink.ts';
import { SINKS, settingsOfSinks } from '../../alerts/sinks/sinks.ts';
import {
  days,
  daysKept,
  isSetting,
  name,
  optionalText,
  path,
  type Setting,
  secret,
  setting,
  text,
  url,
  type ValuesOf,
} from '../../core/setup/setting.ts';
import { together } from '../../core/setup/together.ts';
import type { Role } from '../../core/types.ts';
import type { UplinkType } from '../../ingest/uplinks/uplink.ts';
import { settingsOf, UPLINKS } from '../../ingest/uplinks/uplinks.ts';
import { networks } from '../../platform/outbound/network-setting.ts';
import { KEPT_DAYS_MIN } from '../../platform/records/judge.ts';
import { ALERTS } from './alert-settings.ts';
import { MAP } from './map-settings.ts';
import { RECORDINGS } from './recording-settings.ts';
import { RTSP, STREAM } from './stream-settings.ts';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** Roles that this version runs; `ingest`, `alerts`, `api` and `console` are names kept for later. */
const ROLES = ['all'] as const;

const FIRST = {
  dataDir: setting<string>(
    [
      'CITYWATCH_DATA_DIR',
      'Directory that everything is kept in; made if it is missing, used by one gateway at a time.',
    ],
    text,
    './data',
    { range: 'the path of a directory' },
  ),
} as const;

const OTHERS = {
  publicUrl: url(
    ['CITYWATCH_PUBLIC_URL', 'Address under which people reach the gateway, for links in messages.'],
    ['https', 'http'],
    'refused',
  ),
  tls: {
    certFile: path([
      'CITYWATCH_TLS_CERT_FILE',
      'Certificate chain (PEM) for HTTPS and MQTTS; read again when it changes.',
    ]),
    keyFile: path(['CITYWATCH_TLS_KEY_FILE', 'Private key (PEM) of the certificate.']),
    clientCaFile: path(['CITYWATCH_CLIENT_CA_FILE', 'Certificates (PEM) of those who may issue client certificates.']),
  },
  roles: setting<(typeof ROLES)[number][]>(
    ['CITYWATCH_ROLES', 'What this node does.'],
    z.array(z.enum(ROLES)).min(1).max(1),
    ['all'],
    { range: '`all`, the only role of this version', fromText: 'list' },
  ),
  networks: {
    cameras: networks(
      ['CITYWATCH_CAMERA_NETWORKS', 'The only addresses at which cameras and devices are contacted.'],
      ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'],
    ),
    webhooks: networks(['CITYWATCH_WEBHOOK_NETWORKS', 'The only addresses that webhooks are sent to.'], []),
  },
  adminToken: secret(
    ['CITYWATCH_ADMIN_TOKEN', 'API token with every right, for automation and for the first login.'],
    32,
  ),
  people: {
    administrators: setting<'one' | 'three'>(
      [
        'CITYWATCH_ADMINISTRATORS',
        'Whether one administrator does everything, or system, people and records have one each (三员分立).',
      ],
      z.enum(['one', 'three']),
      'one',
      { range: '`one` or `three`' },
    ),
    totpRoles: setting<Role[]>(
      ['CITYWATCH_TOTP_ROLES', 'Roles whose people must have a second factor (RFC 6238), separated by commas.'],
      z.array(z.enum(RIGHT_ROLES)),
      [],
      { range: 'a list of roles', fromText: 'list' },
    ),
  },
  metrics: {
    token: secret(
      ['CITYWATCH_METRICS_TOKEN', 'What a collector shows to read /metrics, and can do nothing else with.'],
      32,
    ),
  },
  log: {
    level: setting<(typeof LOG_LEVELS)[number]>(
      ['CITYWATCH_LOG_LEVEL', 'How much is logged.'],
      z.enum(LOG_LEVELS),
      'info',
      { range: `one of ${LOG_LEVELS.join(', ')}` },
    ),
  },
  database: {
    url: url(
      ['DATABASE_URL', 'PostgreSQL 14 or newer in place of the private one.'],
      ['postgresql', 'postgres'],
      'allowed',
    ),
  },
  redis: {
    url: url(
      ['REDIS_URL', 'Redis 6.2 or newer in place of the private one; must not evict keys.'],
      ['redis', 'rediss', 'unix'],
      'allowed',
    ),
  },
  influx: {
    url: url(['INFLUX_URL', 'InfluxDB in place of the private one.'], ['http', 'https'], 'refused'),
    token: secret(['INFLUX_TOKEN', 'Token of InfluxDB 2.x.'], 8),
    org: optionalText(['INFLUX_ORG', 'Organization of InfluxDB 2.x.']),
    bucket: optionalText(['INFLUX_BUCKET', 'Bucket of InfluxDB 2.x.']),
    username: optionalText(['INFLUX_USERNAME', 'User of InfluxDB 1.x.']),
    password: secret(['INFLUX_PASSWORD', 'Password of InfluxDB 1.x.'], 1),
    database: setting<string>(
      ['INFLUX_DATABASE', 'Database of InfluxDB 1.x.'],
      z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/),
      'citywatch',
      { range: 'a letter and up to 63 letters, digits, _ and -' },
    ),
  },
  retention: {
    rawDays: days(['CITYWATCH_RETENTION_RAW_DAYS', 'How long readings and events stay in InfluxDB as they came.'], 90),
    fiveMinuteDays: days(['CITYWATCH_RETENTION_5M_DAYS', 'How long roll-ups of five minutes are kept.'], 365),
    hourDays: days(['CITYWATCH_RETENTION_1H_DAYS', 'How long roll-ups of an hour are kept.'], 1_825),
  },
  ffmpeg: {
    path: setting<string>(['FFMPEG_PATH', 'The ffmpeg program.'], text, 'ffmpeg', {
      range: 'a name or path of a program',
    }),
  },
  stream: STREAM,
  rtsp: RTSP,
  cluster: {
    nodeId: name(['CITYWATCH_NODE_ID', 'Name of this node among several.']),
    nodeUrl: url(['CITYWATCH_NODE_URL', 'Address at which other nodes reach this one.'], ['https', 'http'], 'refused'),
    secretFile: path(['CITYWATCH_CLUSTER_SECRET_FILE', 'File with the secret that nodes know each other by.']),
  },
  cameras: {
    checkS: setting<number>(
      ['CITYWATCH_CAMERA_CHECK_S', 'How often it is looked whether a camera answers.'],
      z.int().min(1).max(3600),
      10,
      { range: 'a whole number from 1 to 3600', unit: 's', fromText: 'number' },
    ),
    caFile: path([
      'CITYWATCH_CAMERA_CA_FILE',
      'Certificates (PEM) that cameras are trusted by over https, in place of those of the machine.',
    ]),
  },
  audit: {
    keepDays: setting<number>(
      ['CITYWATCH_AUDIT_KEEP_DAYS', 'How long rows of the audit trail and the access register are kept.'],
      z.int().min(KEPT_DAYS_MIN).max(36_500),
      1095,
      {
        range: `a whole number from ${KEPT_DAYS_MIN} to 36500, because the law asks for six months`,
        unit: 'days',
        fromText: 'number',
      },
    ),
    checkpointFile: path([
      'CITYWATCH_AUDIT_CHECKPOINT_FILE',
      'File that signed checkpoints of both registers are added to; below the data directory where it is not set.',
    ]),
  },
  maintenance: {
    maxH: setting<number>(
      ['CITYWATCH_MAINTENANCE_MAX_H', 'How long a maintenance of a device may be at most.'],
      z.int().min(1).max(168),
      72,
      { range: 'a whole number from 1 to 168', unit: 'hours', fromText: 'number' },
    ),
  },
  orders: {
    keepDays: daysKept(
      ['CITYWATCH_ORDERS_KEEP_DAYS', 'How long closed work orders and their photos are kept.'],
      1095,
      30,
    ),
    faultMin: setting<number>(
      ['CITYWATCH_ORDERS_FAULT_MIN', 'How long a device is offline before a work order is opened for it; 0 for never.'],
      z.int().min(0).max(1440),
      30,
      { range: 'a whole number from 0 to 1440', unit: 'minutes', fromText: 'number' },
    ),
  },
  alerts: ALERTS,
  map: MAP,
  images: {
    keepDays: daysKept(['CITYWATCH_IMAGES_KEEP_DAYS', 'How long pictures that devices send are kept.'], 30),
  },
  recordings: RECORDINGS,
  passages: {
    keepDays: daysKept(
      ['CITYWATCH_PASSAGE_DAYS', 'How long passages of vehicles can be searched; then they are deleted.'],
      90,
      31,
    ),
  },
  ledger: {
    checkS: setting<number>(
      ['CITYWATCH_LEDGER_CHECK_S', 'How often it is looked whether every message is accounted for.'],
      z.int().min(1).max(3600),
      60,
      { range: 'a whole number from 1 to 3600', unit: 's', fromText: 'number' },
    ),
  },
  vault: {
    keyFile: path([
      'CITYWATCH_VAULT_KEY_FILE',
      'File with the key that stored camera passwords and plates are encrypted by.',
    ]),
  },
} as const;

/**
 * The settings of a gateway with these uplinks and sinks. Throws a RangeError where an uplink has the name of something
 * else, or two sinks have one type.
 */
export function settingsWith<const Ups extends readonly UplinkType[], const Outs extends readonly SinkType[]>(
  uplinks: Ups,
  sinks: Outs,
) {
  const others = together('groups of settings', OTHERS, { sinks: settingsOfSinks(sinks) });
  return together('groups of settings', FIRST, settingsOf(uplinks), others);
}

/** Every setting there is, in the order of the page about them. Key in the file = path in this tree. */
export const SETTINGS = settingsWith(UPLINKS, SINKS);

export type Config = ValuesOf<typeof SETTINGS>;

/** Every setting with its key in the file, such as `http.port`. */
export function allSettings(
  tree: object = SETTINGS,
  above: string[] = [],
): { key: string; setting: Setting<unknown> }[] {
  return Object.entries(tree).flatMap(([name, node]: [string, object]) => {
    const place = [...above, name];
    return isSetting(node) ? [{ key: place.join('.'), setting: node }] : allSettings(node, place);
  });
}

export interface SettingRow {
  key: string;
  variable: string;
  default: string;
  unit: string;
  range: string;
  meaning: string;
}

/** The rows of the page about settings. */
export function settingsTable(): SettingRow[] {
  return allSettings().map(({ key, setting }) => ({
    key,
    variable: setting.fromFile ? `${setting.variable}, ${setting.variable}_FILE` : setting.variable,
    default: describeDefault(setting.default),
    unit: setting.unit,
    range: setting.range,
    meaning: setting.meaning,
  }));
}

function describeDefault(value: unknown): string {
  if (value === null) return 'none';
  if (Array.isArray(value)) return value.length > 0 ? value.join(', ') : 'none';
  return String(value);
}
