import { randomBytes } from 'node:crypto';
import {
  basicAuthorization,
  chooseChallenge,
  digestAuthorization,
  type Login,
  type PinnedLogin,
  parseChallenges,
} from '../../platform/outbound/http-auth.ts';
import type { HttpAnswer } from '../../platform/outbound/outbound.ts';
import type { OnvifPorts } from '../onvif/session.ts';

/** A camera's snapshot page was asked; `refused` and what follows say why there is no picture. */
export type SnapshotAnswer =
  | { jpeg: Buffer; open: boolean }
  | { refused: 'auth' | 'clear-password' | 'status' | 'no-jpeg'; detail: string };

export interface SnapshotOptions {
  login: PinnedLogin;
  deadlineMs: number;
  signal: AbortSignal;
}

const BYTES_MAX = 8 * 1024 * 1024;
const JPEG_BEGINS = Buffer.from([0xff, 0xd8, 0xff]);
const SETTING = 'CITYWATCH_CAMERA_NETWORKS';

/**
 * Fetches a camera's snapshot with one login at most: first without any, then as the page asks. Over http a password is
 * never sent in clear (Basic). Rejects as {@link OnvifPorts.outbound}.
 */
export async function fetchSnapshot(
  url: string,
  { outbound, networks, clock }: OnvifPorts,
  { login, deadlineMs, signal }: SnapshotOptions,
): Promise<SnapshotAnswer> {
  const endMs = clock.monotonicMs() + deadlineMs;
  const get = (headers: Record<string, string>): Promise<HttpAnswer> =>
    outbound.http({
      url,
      method: 'GET',
      headers,
      deadlineMs: Math.max(1, endMs - clock.monotonicMs()),
      maxBytes: BYTES_MAX,
      networks: { cidrs: networks, names: 'cameras' },
      setting: SETTING,
      signal,
      ...(login.fingerprint ? { pin: login.fingerprint } : {}),
    });
  const first = await get({});
  if (first.status !== 401) return pictureIn(first, true);
  const authorization = authorize(url, first, login);
  if (authorization === null) {
    return { refused: 'clear-password', detail: 'It asks for the password in clear (Basic), and gets none over http.' };
  }
  const second = await get({ authorization });
  if (second.status === 401 || second.status === 403) {
    return { refused: 'auth', detail: `It answers the login with status ${second.status}.` };
  }
  return pictureIn(second, false);
}

function authorize(url: string, answer: HttpAnswer, login: Login): string | null {
  const { protocol, pathname, search } = new URL(url);
  const challenge = chooseChallenge(parseChallenges(answer.headers['www-authenticate'] ?? []), protocol === 'https:');
  if (!challenge) return null;
  if (challenge.scheme === 'basic') return basicAuthorization(login);
  const cnonce = randomBytes(16).toString('hex');
  return digestAuthorization({ ...login, challenge, method: 'GET', uri: pathname + search, count: 1, cnonce });
}

/** Whatever the page calls it, a picture is known by its own bytes. */
function pictureIn({ status, body }: HttpAnswer, open: boolean): SnapshotAnswer {
  if (status !== 200) return { refused: 'status', detail: `It answers with status ${status}.` };
  if (!body.subarray(0, JPEG_BEGINS.length).equals(JPEG_BEGINS)) {
    return { refused: 'no-jpeg', detail: 'What it sends is no JPEG.' };
  }
  return { jpeg: body, open };
}
