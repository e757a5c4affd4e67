import { z } from 'zod';
import { toRfc3339 } from '../../core/clock.ts';
import { ACCESS_CLASSES, LINKS, MOUNTINGS, NETWORKS, POWERS, TIERS } from '../../core/registry/position-file.ts';
import type { DeviceUnit } from '../../core/registry/unit.ts';
import { DEVICE_STATES, type Device } from '../../core/types.ts';
import { CAUSES, HEALTHS } from '../../devices/health/judge.ts';
import type { TwinPort } from '../ports.ts';
import { deviceId, moment, momentOrNull } from '../schemas.ts';

export const REGISTRY_TAGS = ['registry'];

/** Where a device is in its life, as people say it. */
export const state = z.enum(DEVICE_STATES);
const words = z.object({ en: z.string(), zh: z.string() });
/** How a device is, judged by all that is known of it. */
export const healthFields = {
  health: z.enum(HEALTHS).meta({ description: '`unknown`: nothing was heard of it yet' }),
  cause: z.enum(CAUSES).nullable(),
  since: moment.nullable(),
  why: words.nullable().meta({ description: 'The cause in a sentence; null where the device is online' }),
};
const datum = z.enum(['wgs84', 'gcj02']);
const file = z
  .object({
    gbId: z.string(),
    tier: z.enum(TIERS),
    placeType: z.string(),
    address: z.string(),
    owner: z.string(),
    heading: z.number(),
    mounting: z.enum(MOUNTINGS),
    heightM: z.number(),
    lowLight: z.boolean(),
    hlc: z.boolean(),
    wdr: z.boolean(),
    resolution: z.string(),
    network: z.enum(NETWORKS),
    link: z.enum(LINKS),
    storageDays: z.int(),
    maintainer: z.string(),
    warrantyEnd: z.string().meta({ format: 'date' }),
    power: z.enum(POWERS),
    circuit: z.string(),
    pole: z.string(),
    loginShared: z.boolean(),
    tags: z.array(z.string()),
  })
  .partial()
  .meta({ id: 'DeviceFile', description: 'The file of the point (一机一档); a key that is missing is not known' });

const deviceFields = {
  id: deviceId,
  kind: z.string(),
  name: z.string(),
  jurisdiction: z.string(),
  location: z.object({ lat: z.number(), lon: z.number(), datum }),
  parent: z.string().nullable(),
  cameras: z.array(z.string()),
  purpose: z.string().nullable(),
  accessClass: z.enum(ACCESS_CLASSES).meta({ description: 'Pictures of `minors` are shown for an incident only' }),
  police: z.string().nullable().optional().meta({
    description: 'Code of the police agency that it belongs to',
  }),
  file,
  state,
  unit: z
    .object({
      id: z.string(),
      maker: z.string().nullable(),
      model: z.string().nullable(),
      serial: z.string().nullable(),
      mac: z.string().nullable().meta({ description: 'Hardware addresses, with commas between' }),
      endpoint: z.string().nullable().meta({ description: 'How it calls itself in WS-Discovery' }),
      firmware: z.string().nullable(),
      certificate: z
        .object({ fingerprint: z.string(), subject: z.string(), notAfter: moment })
        .nullable()
        .meta({ description: 'What it showed over https when it was spoken to last; SHA-256, whom it names, its end' }),
    })
    .nullable(),
  presence: z.enum(['not-yet-seen', 'online', 'offline', 'stale']).meta({
    description: 'Whether it was ever heard of, and how it is since: `stale` is silent for longer than its kind allows',
  }),
  lastSeenAt: moment.nullable(),
  health: z.object(healthFields).nullable().meta({
    description: 'How it is, since when and why; null for a device that is planned or retired',
  }),
  version: z.int(),
  createdAt: moment,
  updatedAt: moment,
};

export const device = z.object(deviceFields).meta({ id: 'Device' });
const masked = z.literal('***').meta({ description: 'There is a login, which nobody is shown' });
/** Where a device is reached, for who may edit it. */
export const addresses = {
  stream: z.object({ url: z.string(), subUrl: z.string().nullable(), login: masked.nullable() }).nullable(),
  onvif: z
    .object({ xaddr: z.string(), source: z.string().optional(), fingerprint: z.string().optional(), login: masked })
    .nullable(),
};
/** A device with the secret of its unit. */
export const created = z.object({
  ...deviceFields,
  ...addresses,
  secret: z.string().optional().meta({ description: 'Shown this once and never again' }),
  secretWithheld: z.boolean().optional().meta({ description: 'An answer from memory, which keeps no secret' }),
});

function unitAnswer({ certificate, ...unit }: DeviceUnit) {
  if (!certificate) return { ...unit, certificate };
  const { fingerprint, subject, notAfterMs } = certificate;
  return { ...unit, certificate: { fingerprint, subject, notAfter: toRfc3339(notAfterMs) } };
}

/** A device as the API prints it. */
export function answer({ createdAtMs, updatedAtMs, unit, ...rest }: Device, twin: TwinPort) {
  const { presence, lastSeenAtMs, health } = twin.presence(rest.id);
  return {
    ...rest,
    unit: unit && unitAnswer(unit),
    presence,
    lastSeenAt: momentOrNull(lastSeenAtMs),
    health: health && { ...health, since: momentOrNull(health.sinceMs) },
    createdAt: toRfc3339(createdAtMs),
    updatedAt: toRfc3339(updatedAtMs),
  };
}
