import type { Clock } from '../../core/clock.ts';
import { failureReason, OutboundFailure } from '../../platform/outbound/outbound.ts';
import { explainError } from './hints.ts';
import { bad, type Finding, ok } from './steps.ts';

/** A port of the camera, and what it is for. */
export interface Place {
  what: 'ONVIF' | 'RTSP';
  host: string;
  port: number;
}

/** How a port answered: `closed` says that somebody is there and does not listen. */
export interface Knock {
  place: Place;
  state: 'open' | 'closed' | 'silent';
  error: unknown;
}

/** Opens a connection and ends it; rejects with `outbound.refused` or `outbound.failed`. */
export type Connect = (place: { host: string; port: number }, signal: AbortSignal) => Promise<void>;

const PORTS: Readonly<Record<string, number>> = { 'rtsp:': 554, 'rtsps:': 322, 'http:': 80, 'https:': 443 };

export function placeOf(what: Place['what'], address: string): Place[] {
  if (!URL.canParse(address)) return [];
  const { hostname, port, protocol } = new URL(address);
  return [{ what, host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || (PORTS[protocol] ?? 554) }];
}

export async function knock(place: Place, connect: Connect, signal: AbortSignal): Promise<Knock> {
  try {
    await connect(place, signal);
    return { place, state: 'open', error: null };
  } catch (error) {
    return { place, state: isClosed(error) ? 'closed' : 'silent', error };
  }
}

function isClosed(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : null;
  return cause instanceof OutboundFailure && (cause.systemCode === 'ECONNREFUSED' || failureReason(error) === 'reset');
}

/** Whether anything answers there: resolves with the first that does, or when none did. */
export async function reach(knocks: readonly Promise<Knock>[], clock: Clock): Promise<Finding> {
  const beganMs = clock.monotonicMs();
  const answering = knocks.map(async (one) => {
    const found = await one;
    if (found.state === 'silent') throw found.error;
    return found.place.host;
  });
  try {
    const host = await Promise.any(answering);
    return ok(`Something answers at ${host} after ${Math.round(clock.monotonicMs() - beganMs)} ms.`);
  } catch (error) {
    const first = error instanceof AggregateError ? error.errors[0] : error;
    const { place } = (await knocks[0]) ?? {};
    return { ...explainError(first), seen: place ? `Nothing answers at ${place.host}.` : null };
  }
}

const HINTS: Readonly<Record<Place['what'], string>> = {
  ONVIF: "Switch ONVIF on in the camera's own page, or correct the port (80, 8000, 8080 and 8899 are usual).",
  RTSP: 'Switch RTSP on, correct the port (554 is usual), or forward it where the camera stands behind a NAT.',
};

/** Whether the ports of the camera are open. */
export function judgePorts(knocks: readonly Knock[]): Finding {
  const open = knocks.filter(({ state }) => state === 'open').map(({ place }) => named(place));
  const shut = knocks.filter(({ state }) => state !== 'open');
  if (shut.length === 0) return ok(`Open: ${open.join(', ')}.`);
  const parts = shut.map(({ place, state }) => `${named(place)} ${state === 'closed' ? 'is closed' : 'is silent'}`);
  const seen = `${parts.join(', ')}${open.length > 0 ? `; open: ${open.join(', ')}` : ''}.`;
  return bad('failed', 'port-closed', shut.map(({ place }) => HINTS[place.what]).join(' '), seen);
}

function named({ what, port }: Place): string {
  return `port ${port} (${what})`;
}
