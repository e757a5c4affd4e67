import { z } from 'zod';
import { CitywatchError, type Issue } from '../../core/errors.ts';
import { isJurisdictionCode } from '../../core/jurisdiction.ts';
import { DEVICE_ID } from '../../core/types.ts';

const CAMERAS_MAX = 16;
const URL_CHARACTERS_MAX = 1024;

/** What may stand in a header of a request to the device: a line end there would begin a header of its own. */
const ONE_LINE = /^[^\p{Cc}\p{Cs}]*$/u;
/** Stands in the OpenAPI document in place of the pattern, which other languages do not read. */
const NO_CONTROLS = 'No control characters';

function isOneLine(text: string): boolean {
  return ONE_LINE.test(text);
}

/** Text a person typed: not empty, no control characters (PostgreSQL takes no NUL, logs no line ends). */
export function words(max: number) {
  return z
    .string()
    .max(max)
    .refine(isOneLine, 'must not hold control characters')
    .refine((text) => text.trim() !== '', 'must not be empty')
    .describe(NO_CONTROLS);
}

const deviceId = z.string().regex(DEVICE_ID, 'must be 1-64 letters, digits, ".", "_" or "-", a letter or digit first');
const jurisdiction = z.string().refine(isJurisdictionCode, 'must be a code of 6, 9 or 12 digits, such as 330212');

const location = z.strictObject({
  lat: z.number().min(-90).max(90),
  lon: z.number().min(-180).max(180),
  datum: z.enum(['wgs84', 'gcj02']).default('wgs84'),
});

function url(schemes: readonly string[]) {
  return z
    .string()
    .max(URL_CHARACTERS_MAX)
    .refine(
      (text) => URL.canParse(text) && schemes.includes(new URL(text).protocol) && new URL(text).host !== '',
      `must be a URL starting with ${schemes.map((scheme) => `${scheme}//`).join(' or ')} ` +
        '(write special characters of a password as %XX)',
    );
}

/** Text as it stands in a URL, with its `%XX` made characters; null where they make none. */
function plain(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/** A password with a lone "%" is no percent-encoding; it is taken as it stands. */
function hasPlainLogin(text: string): boolean {
  if (!URL.canParse(text)) return true;
  const { username, password } = new URL(text);
  return [text, username, password].every((part, index) => ONE_LINE.test((index ? plain(part) : part) ?? part));
}

const streamUrl = url(['rtsp:', 'rtsps:', 'http:', 'https:']).refine(hasPlainLogin, 'must not hold control characters');
const stream = z.strictObject({ url: streamUrl, subUrl: streamUrl.optional() });
const onvif = z.strictObject({
  xaddr: url(['http:', 'https:']).refine(
    (text) => !URL.canParse(text) || (new URL(text).username === '' && new URL(text).password === ''),
    'must not hold user and password: use username and password',
  ),
  username: z.string().max(128).refine(isOneLine, 'must not hold control characters').describe(NO_CONTROLS),
  password: z.string().max(256).refine(isOneLine, 'must not hold control characters').describe(NO_CONTROLS),
});

const cameras = z
  .array(deviceId)
  .max(CAMERAS_MAX)
  .refine((ids) => new Set(ids).size === ids.length, 'the same camera stands here twice');

/** The secret a device brings along instead of getting one. */
export const deviceSecret = z
  .string()
  .min(16)
  .max(256)
  .refine(isOneLine, 'must not hold control characters')
  .describe(NO_CONTROLS);

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
  secret: deviceSecret.optional(),
  stream: stream.nullish(),
  onvif: onvif.nullish(),
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
  stream: stream.nullish(),
  onvif: onvif.nullish(),
  confirm,
});

export type DeviceInput = z.infer<typeof deviceInput>;
export type DevicePatch = z.infer<typeof devicePatch>;

/** Parses `value` or fails with `request.invalid`, one issue per wrong or unknown field. */
export function parseInput<Schema extends z.ZodType>(schema: Schema, value: unknown): z.infer<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.flatMap((issue): Issue[] => {
    if (issue.code !== 'unrecognized_keys') return [{ path: issue.path.join('.') || 'body', message: issue.message }];
    return issue.keys.map((key) => ({ path: [...issue.path, key].join('.').slice(0, 128), message: 'unknown field' }));
  });
  throw new CitywatchError('request.invalid', { issues });
}
