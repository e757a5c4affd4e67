import { type DeviceUrl, urlWithLogin } from '../cameras/device-url.ts';
import { type OnvifAccess, type StreamSource, shownAddresses } from '../registry/connections.ts';
import { plainFingerprint } from '../registry/input.ts';
import type { KnownDevice } from './known-devices.ts';

/** What a row says of how a device is reached; a field that is missing stays, null clears. */
export type Said = Record<string, string | null | undefined>;

/** The change as the body of a request has it, and the fields that differ; null where all is as it is. */
export interface RawChange {
  value: unknown;
  fields: string[];
}

/** Why a change cannot be made; `key` is the field. */
export class Refused {
  readonly key: string;
  readonly message: string;

  constructor(key: string, message: string) {
    this.key = key;
    this.message = message;
  }
}

const anyUrl = urlWithLogin(['rtsp:', 'rtsps:', 'http:', 'https:']);

/**
 * Exports show addresses without logins. So one that comes back without a login is the same as long as it is the same
 * address, and may not become another one: the login would be lost, or told to another host.
 */
export function streamChange(said: Said, known: KnownDevice): RawChange | Refused | null {
  const { stored, open } = known.stream ?? { stored: null, open: null };
  if (said.url === null) return open ? { value: null, fields: ['url'] } : null;
  const shown = shownAddresses({ stream: stored, onvif: null }).stream;
  const fields: string[] = [];
  const raw: Record<string, string> = {};
  const parts = [
    ['url', open?.main ?? null, shown?.url],
    ['subUrl', open?.sub ?? null, shown?.subUrl],
  ] as const;
  for (const [key, current, text] of parts) {
    const given = said[key];
    if (given === null && current) fields.push(key);
    else if (given && !isSameUrl(given, current, text)) {
      const { login } = readUrl(given) ?? {};
      if (current?.login && !login) return new Refused(key, LOGIN_LOST);
      raw[key] = given;
      fields.push(key);
    } else if (current) raw[key] = withLogin(current);
  }
  return fields.length > 0 ? { value: raw, fields } : null;
}

const LOGIN_LOST = 'is another address than before: write the login in it too, as in rtsp://user:password@10.0.0.7/1';

function readUrl(text: string): DeviceUrl | null {
  return anyUrl.safeParse(text).data ?? null;
}

function isSameUrl(given: string, current: StreamSource | null, shown: string | null | undefined): boolean {
  if (!current) return false;
  if (given === shown) return true;
  const read = readUrl(given);
  if (read?.url !== current.url) return false;
  const { login } = read;
  return login === null || (login.username === current.login?.username && login.password === current.login.password);
}

/** An address with its login in it. */
export function withLogin({ url, login }: StreamSource): string {
  if (!login) return url;
  const whole = new URL(url);
  whole.username = encodeURIComponent(login.username);
  whole.password = encodeURIComponent(login.password);
  return whole.href;
}

/** As {@link streamChange}: a password is told to no other address than the one it was given for. */
export function onvifChange(said: Said, known: KnownDevice): RawChange | Refused | null {
  const { stored, open } = known.onvif ?? { stored: null, open: null };
  if (said.xaddr === null) return open ? { value: null, fields: ['xaddr'] } : null;
  const shown = shownAddresses({ stream: null, onvif: stored }).onvif;
  const given: Said = { ...said, ...(said.xaddr === shown?.xaddr ? { xaddr: open?.xaddr } : {}) };
  if (given.fingerprint) given.fingerprint = plainFingerprint(given.fingerprint);
  const names = ['xaddr', 'username', 'password', 'source', 'fingerprint'] as const satisfies (keyof OnvifAccess)[];
  const fields = names.filter((name) => given[name] !== undefined && given[name] !== (open?.[name] ?? null));
  if (fields.length === 0) return null;
  if (open && fields.includes('xaddr') && !(given.username && given.password)) {
    return new Refused('xaddr', 'is another address than before: give user and password too');
  }
  return { value: { ...open, ...defined(given) }, fields: [...fields] };
}

function defined(said: Said): Said {
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
}
