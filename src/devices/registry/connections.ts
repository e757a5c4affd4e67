import type { Vault } from '../../platform/secrets/vault.ts';
import type { DeviceInput } from './input.ts';

/** A stream address as it is stored: the login is taken out of the URL and sealed. */
export interface StoredUrl {
  url: string;
  login: string | null;
}

export interface StoredStream {
  main: StoredUrl;
  sub: StoredUrl | null;
}

export interface StoredOnvif {
  xaddr: string;
  username: string;
  /** Sealed. */
  password: string;
}

/** What a puller connects to. Holds a password in clear: hand it to nobody but the one who connects. */
export interface StreamSource {
  url: string;
  login: { username: string; password: string } | null;
}

export interface OnvifAccess {
  xaddr: string;
  username: string;
  password: string;
}

export function storeStream(vault: Vault, id: string, stream: NonNullable<DeviceInput['stream']>): StoredStream {
  const store = (text: string): StoredUrl => {
    const url = new URL(text);
    const login = { username: decode(url.username), password: decode(url.password) };
    url.username = '';
    url.password = '';
    const sealed =
      login.username === '' && login.password === '' ? null : vault.seal(JSON.stringify(login), `stream/${id}`);
    return { url: url.href, login: sealed };
  };
  return { main: store(stream.url), sub: stream.subUrl === undefined ? null : store(stream.subUrl) };
}

export function openStream(vault: Vault, id: string, stored: StoredUrl): StreamSource {
  const login = stored.login === null ? null : JSON.parse(vault.open(stored.login, `stream/${id}`));
  return { url: stored.url, login };
}

export function storeOnvif(vault: Vault, id: string, onvif: NonNullable<DeviceInput['onvif']>): StoredOnvif {
  return { ...onvif, password: vault.seal(onvif.password, `onvif/${id}`) };
}

export function openOnvif(vault: Vault, id: string, stored: StoredOnvif): OnvifAccess {
  return { ...stored, password: vault.open(stored.password, `onvif/${id}`) };
}

/** A password with a lone "%" is no percent-encoding; it is taken as it stands. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Where a device is reached, for whoever may edit it. Logins are not there, only that there is one. */
export interface ShownAddresses {
  stream: { url: string; subUrl: string | null; login: typeof MASK | null } | null;
  onvif: { xaddr: string; login: typeof MASK } | null;
}

const MASK = '***';
/** Makers also write the login into path or query, such as `/user=admin_password=x_channel=1`. */
const LOGIN_NAME = 'user(?:name)?|usr|login|account|pass(?:word|wd)?|pwd|psw|token|auth|key|secret';
const LOGIN_PART = new RegExp(`(?<![a-z])((?:${LOGIN_NAME})=).*?(?=$|[&/;?#]|_[a-z]+=)`, 'gi');

export function shownAddresses({ stream, onvif }: { stream: StoredStream | null; onvif: StoredOnvif | null }) {
  const shown: ShownAddresses = {
    stream: stream && {
      url: masked(stream.main.url),
      subUrl: stream.sub && masked(stream.sub.url),
      login: stream.main.login === null && (stream.sub?.login ?? null) === null ? null : MASK,
    },
    onvif: onvif && { xaddr: masked(onvif.xaddr), login: MASK },
  };
  return shown;
}

function masked(url: string): string {
  return url.replace(LOGIN_PART, `$1${MASK}`);
}
