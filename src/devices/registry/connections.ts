import { CitywatchError } from '../../core/errors.ts';
import type { DeviceId } from '../../core/types.ts';
import { type Database, jsonb, type Tables } from '../../platform/database/database.ts';
import type { Vault } from '../../platform/secrets/vault.ts';
import type { DeviceUrl } from '../cameras/device-url.ts';
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
  /** As of {@link OnvifAccess}. */
  source?: string;
  fingerprint?: string;
}

/** What a puller connects to. Holds a password in clear: hand it to nobody but the one who connects. */
export interface StreamSource {
  url: string;
  login: { username: string; password: string } | null;
}

/** As {@link StreamSource}, of both pictures of a camera. */
export interface VideoAddress {
  url: string;
  /** The small picture, where it is another one. */
  subUrl: string | undefined;
  username: string | undefined;
  password: string | undefined;
}

export interface OnvifAccess {
  xaddr: string;
  username: string;
  password: string;
  /** Which eye of the device it is, by the token of its video source: a channel of a recorder. Absent: the first. */
  source?: string | null | undefined;
  /** SHA-256 of the certificate by which it is believed over https, 64 hex digits. Absent: the trusted ones count. */
  fingerprint?: string | null | undefined;
}

interface Stored {
  stream: StoredStream | null;
  onvif: StoredOnvif | null;
}

interface Held {
  login_held_ms: number | null;
}

/** How cameras are reached, passwords in clear: for those alone who connect to them. */
export class Connections {
  readonly #database: Database;
  readonly #vault: Vault;

  constructor({ database, vault }: { database: Database; vault: Vault }) {
    this.#database = database;
    this.#vault = vault;
  }

  /**
   * Where the video of a device comes from; null for one without a stream, or that is retired. Errors: `conflict.state`
   * while its login is being changed, as all here: nobody knows which one is right, and each wrong one counts.
   */
  async streamSource(id: DeviceId, quality: 'main' | 'sub'): Promise<StreamSource | null> {
    const { stream, login_held_ms: held } = await heldConnectionOf(this.#database, id);
    if (stream && held !== null) throw isHeld();
    const stored = quality === 'sub' ? (stream?.sub ?? stream?.main) : stream?.main;
    return stored ? openStream(this.#vault, id, stored) : null;
  }

  /** Both pictures of a camera and the login for them; null for a device without a stream, or that is retired. */
  async videoOf(id: DeviceId): Promise<VideoAddress | null> {
    const [main, sub] = await Promise.all([this.streamSource(id, 'main'), this.streamSource(id, 'sub')]);
    if (!main) return null;
    const subUrl = sub && sub.url !== main.url ? sub.url : undefined;
    return { url: main.url, subUrl, username: main.login?.username, password: main.login?.password };
  }

  /** How to speak ONVIF with a device; null where nothing is known, or it is retired. */
  async onvifAccess(id: DeviceId): Promise<OnvifAccess | null> {
    const { onvif, login_held_ms: held } = await heldConnectionOf(this.#database, id);
    if (onvif && held !== null) throw isHeld();
    return onvif ? openOnvif(this.#vault, id, onvif) : null;
  }
}

/** What is stored of a device's addresses, logins sealed; nothing of one that is retired. */
export async function connectionOf(database: Tables, id: DeviceId): Promise<Stored> {
  return await heldConnectionOf(database, id);
}

async function heldConnectionOf(database: Tables, id: DeviceId): Promise<Stored & Held> {
  const db = database.tables<{ position: Stored & Held & { id: string; state: string } }>();
  const query = db.selectFrom('position').select(['stream', 'onvif', 'login_held_ms']).where('id', '=', id);
  const found = await query.where('state', '!=', 'retired').executeTakeFirst();
  return found ?? { stream: null, onvif: null, login_held_ms: null };
}

/** Nobody may log in while the login is being changed. */
export function isHeld(): CitywatchError {
  return new CitywatchError('conflict.state', { detail: 'Its login is being changed; try again in two minutes.' });
}

export function storeStream(vault: Vault, id: string, { main, sub }: NonNullable<DeviceInput['stream']>): StoredStream {
  const store = ({ url, login }: DeviceUrl): StoredUrl => {
    return { url, login: login && vault.seal(JSON.stringify(login), `stream/${id}`) };
  };
  return { main: store(main), sub: sub && store(sub) };
}

export function openStream(vault: Vault, id: string, stored: StoredUrl): StreamSource {
  const login = stored.login === null ? null : JSON.parse(vault.open(stored.login, `stream/${id}`));
  return { url: stored.url, login };
}

export function storeOnvif(
  vault: Vault,
  id: string,
  { source, fingerprint, ...onvif }: NonNullable<DeviceInput['onvif']>,
): StoredOnvif {
  return {
    ...onvif,
    xaddr: onvif.xaddr.url,
    password: vault.seal(onvif.password, `onvif/${id}`),
    ...(source == null ? {} : { source }),
    ...(fingerprint == null ? {} : { fingerprint }),
  };
}

export function openOnvif(vault: Vault, id: string, stored: StoredOnvif): OnvifAccess {
  return { ...stored, password: vault.open(stored.password, `onvif/${id}`) };
}

/** Where a device is reached, for whoever may edit it. Logins are not there, only that there is one. */
export interface ShownAddresses {
  stream: { url: string; subUrl: string | null; login: typeof MASK | null } | null;
  onvif: { xaddr: string; source?: string; fingerprint?: string; login: typeof MASK } | null;
}

const MASK = '***';
/** Makers also write the login into path or query, such as `/user=admin_password=x_channel=1`. */
const LOGIN_NAME = 'user(?:name)?|usr|login|account|pass(?:word|wd)?|pwd|psw|token|auth|key|secret';
const LOGIN_PART = new RegExp(`(?<![a-z])((?:${LOGIN_NAME})=).*?(?=$|[&/;?#]|_[a-z]+=)`, 'gi');

export function shownAddresses({ stream, onvif }: Stored) {
  const shown: ShownAddresses = {
    stream: stream && {
      url: masked(stream.main.url),
      subUrl: stream.sub && masked(stream.sub.url),
      login: stream.main.login === null && (stream.sub?.login ?? null) === null ? null : MASK,
    },
    onvif: onvif && {
      xaddr: masked(onvif.xaddr),
      ...(onvif.source ? { source: onvif.source } : {}),
      ...(onvif.fingerprint ? { fingerprint: onvif.fingerprint } : {}),
      login: MASK,
    },
  };
  return shown;
}

function masked(url: string): string {
  return url.replace(LOGIN_PART, `$1${MASK}`);
}

/** The columns that a change of how a device is reached sets; what is left out stays. */
export function connectionColumns(
  vault: Vault,
  id: DeviceId,
  { stream, onvif }: Pick<DeviceInput, 'stream' | 'onvif'>,
) {
  return {
    ...(stream === undefined ? {} : { stream: stream && jsonb(storeStream(vault, id, stream)) }),
    ...(onvif === undefined ? {} : { onvif: onvif && jsonb(storeOnvif(vault, id, onvif)) }),
  };
}
