import { StreamFailure } from '../pool/types.ts';
import type { Headers } from './rtsp-message.ts';

/** What a camera answered to SETUP, read as cameras write it. */
export interface SetUp {
  /** Null where the camera names none; requests then carry none. */
  sessionId: string | null;
  timeoutS: number;
  /** Channel numbers of RTP and RTCP. */
  channels: readonly [number, number];
}

/** The channels we ask for. */
export const CHANNELS = [0, 1] as const;

/** What is told of a camera that sends nothing over its connection. */
export const UDP_ALONE = 'It sends media over UDP alone, which CITYWATCH_STREAM_UDP_PORTS allows.';

const SESSION_TIMEOUT_S = 60;
/** A session told to last shorter or longer than this is kept alive as if it were told so. */
const TIMEOUT_MIN_S = 4;
const TIMEOUT_MAX_S = 120;

/**
 * Cameras answer SETUP with channels of their own, with one channel, without the word TCP, in any order and spacing,
 * or say nothing of the transport; only what speaks of UDP alone is refused.
 */
export function readSetUp(headers: Headers, asked: readonly [number, number] = CHANNELS): SetUp {
  return { ...sessionOf(headers), channels: channelsOf(headers.get('transport')?.join(',') ?? '', asked) };
}

/** The session that an answer to SETUP begins. */
export function sessionOf(headers: Headers): Omit<SetUp, 'channels'> {
  const session = (headers.get('session')?.[0] ?? '').trim();
  const timeoutS = Number(/;\s*timeout\s*=\s*"?(\d{1,6})/i.exec(session)?.[1] ?? 0) || SESSION_TIMEOUT_S;
  const id = /^[!-:<-~]{1,256}/.exec(session)?.[0] ?? null;
  return {
    sessionId: id,
    timeoutS: Math.min(TIMEOUT_MAX_S, Math.max(TIMEOUT_MIN_S, timeoutS)),
  };
}

function channelsOf(transport: string, asked: readonly [number, number]): readonly [number, number] {
  const told = /interleaved\s*=\s*"?(\d{1,3})(?:\s*-\s*(\d{1,3}))?/i.exec(transport);
  const isUdp = /\/UDP\b|(?:client|server)_port\s*=|multicast/i.test(transport);
  if (!told && isUdp) throw new StreamFailure('refused', UDP_ALONE);
  const rtp = Number(told?.[1] ?? asked[0]);
  const rtcp = Number(told?.[2] ?? rtp + 1);
  if (rtp > 255) throw new StreamFailure('refused', 'It names no channel for its media.');
  return [rtp, rtcp > 255 || rtcp === rtp ? (rtp + 1) % 256 : rtcp];
}

/**
 * Methods that keep a session alive at this camera, best first: what it names in `Public`. Cameras that count
 * GET_PARAMETER alone name it; OPTIONS is understood by all the others.
 */
export function keepAliveMethods(headers: Headers | null): string[] {
  const named = (headers?.get('public') ?? []).join(',').toUpperCase();
  const methods = ['GET_PARAMETER', 'SET_PARAMETER'].filter((method) => named.split(/[\s,]+/).includes(method));
  return [...methods, 'OPTIONS'];
}

/**
 * The address that relative control addresses belong to. Cameras write it twice over, or without its scheme; it is
 * only said back to the camera, so nothing of it is contacted.
 */
export function baseOf(headers: Headers, uri: string): string {
  const told = headers.get('content-base')?.[0] || headers.get('content-location')?.[0] || '';
  const base = told.trim().replace(/^(?:rtsp:\/\/)+/i, 'rtsp://');
  if (/^rtsp:\/\/[^/]/i.test(base)) return base;
  return /^[a-z0-9[][a-z0-9.:[\]-]*(?:\/|$)/i.test(base) ? `rtsp://${base}` : uri;
}
