import { z } from 'zod';
import { isJurisdictionCode } from '../../core/jurisdiction.ts';
import { DEVICE_ID } from '../../core/types.ts';
import { isOneLine, urlWithLogin, urlWithoutLogin } from '../cameras/device-url.ts';
import { accessClass, fileInput } from '../file/file-input.ts';
import { NO_CONTROLS, words } from '../file/words.ts';
import { FIRST_STATES } from '../life/life.ts';

/**
 * What may be said of a device, for every edge at which it can be said. It is parsed there, once, into the types at the
 * end of this file; no later part looks at the same text again.
 */

const CAMERAS_MAX = 16;
/** Devices of one request at most: their answer can be kept for an Idempotency-Key, and nobody waits for long. */
export const DEVICES_AT_ONCE_MAX = 200;

export const deviceId = z
  .string()
  .regex(DEVICE_ID, 'use 1 to 64 letters, digits, dots, underscores and hyphens, a letter or digit first');

export const jurisdiction = z
  .string()
  .refine(isJurisdictionCode, 'use the 6, 9 or 12 digits of an administrative division code, such as 330212')
  .meta({
    description:
      'GB/T 2260 code; trailing zeros stand for everything below. Or the id of a functional zone: the digits of the ' +
      'area it lies in, `z-` and a name',
    examples: ['330212', '330212z-kexuecheng'],
  });

const location = z.strictObject({
  lat: z.number().min(-90).max(90),
  lon: z.number().min(-180).max(180),
  datum: z.enum(['wgs84', 'gcj02']).default('wgs84'),
});

const streamUrl = urlWithLogin(['rtsp:', 'rtsps:', 'http:', 'https:']);
const stream = z
  .strictObject({ url: streamUrl, subUrl: streamUrl.optional() })
  .transform(({ url: main, subUrl: sub = null }) => ({ main, sub }));

/** A fingerprint as programs write it, with colons or without, as it is kept. */
export function plainFingerprint(text: string): string {
  return text.replaceAll(':', '').toLowerCase();
}

const fingerprint = z
  .string()
  .max(128)
  .transform(plainFingerprint)
  .pipe(z.string().regex(/^[0-9a-f]{64}$/, 'use the 64 hex digits of a SHA-256 fingerprint'));

const onvifFields = z.strictObject({
  xaddr: urlWithoutLogin(['http:', 'https:']),
  username: z.string().max(128).refine(isOneLine, 'must not hold control characters').describe(NO_CONTROLS),
  password: z.string().max(256).refine(isOneLine, 'must not hold control characters').describe(NO_CONTROLS),
  source: z
    .string()
    .min(1)
    .max(64)
    .refine(isOneLine, 'must not hold control characters')
    .nullish()
    .describe('Token of its video source, for a channel of a recorder'),
  fingerprint: fingerprint
    .nullish()
    .describe(
      'SHA-256 of the certificate that it is believed by over https, and no other; without it trusted ones count',
    ),
});
const onvif = onvifFields.refine(({ xaddr, fingerprint: pin }) => pin == null || xaddr.url.startsWith('https:'), {
  path: ['fingerprint'],
  message: 'is of use with an https address alone',
});

const cameras = z
  .array(deviceId)
  .max(CAMERAS_MAX)
  .refine((ids) => new Set(ids).size === ids.length, 'the same camera stands here twice');

/** The secret a device brings along instead of getting one. */
const deviceSecret = z
  .string()
  .min(16)
  .max(256)
  .refine(isOneLine, 'must not hold control characters')
  .describe(NO_CONTROLS);

/** Where its life begins; what is registered standing is in service. */
const firstState = z
  .enum(FIRST_STATES)
  .default('in-service')
  .describe('Where its life begins: `planned` for a point where nothing hangs yet');

/** Says that a place which looks like a mistake is meant. */
const confirm = z.boolean().optional();

/** What a device is created with. */
export const deviceInput = z.strictObject({
  id: deviceId.optional(),
  kind: z.string().min(1).max(64),
  name: words(128),
  jurisdiction,
  location,
  parent: deviceId.nullish(),
  cameras: cameras.optional(),
  purpose: words(128).nullish(),
  accessClass: accessClass.optional(),
  file: fileInput.optional(),
  secret: deviceSecret.optional(),
  stream: stream.nullish(),
  onvif: onvif.nullish(),
  state: firstState,
  confirm,
});

/** What may be changed: absent stays, null clears. The kind stays: its measurement holds the history. */
export const devicePatch = z.strictObject({
  name: words(128).optional(),
  jurisdiction: jurisdiction.optional(),
  location: location.optional(),
  parent: deviceId.nullish(),
  cameras: cameras.optional(),
  purpose: words(128).nullish(),
  accessClass: accessClass.optional(),
  file: fileInput.optional(),
  stream: stream.nullish(),
  onvif: onvif.nullish(),
  confirm,
});

export type DeviceInput = z.output<typeof deviceInput>;
export type DevicePatch = z.output<typeof devicePatch>;
