import type { Doors } from '../links/link.ts';

/** Where a run sends to, and what is allowed of it. */
export interface TargetWords {
  gateway: string;
  mqtt?: string | undefined;
  mqtts?: string | undefined;
  /** The host again, for one that is not this machine. */
  confirm?: string | undefined;
}

export class TargetError extends Error {}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\]|::1)$/;
const PORTS = { mqtt: 1883, mqtts: 8883 };

/**
 * The doors of a gateway. Throws {@link TargetError} for one that is not on this machine and was not confirmed: a city
 * of devices sent to the wrong address is an attack.
 */
export function doorsOf({ gateway, mqtt, mqtts, confirm }: TargetWords, ca: string | null): Doors {
  const http = urlOf(gateway, ['http:', 'https:'], '--gateway');
  const plain = urlOf(mqtt ?? `mqtt://${http.hostname}:${PORTS.mqtt}`, ['mqtt:'], '--mqtt');
  const sealed = mqtts === undefined ? null : urlOf(mqtts, ['mqtts:'], '--mqtts');
  for (const { hostname } of [http, plain, ...(sealed ? [sealed] : [])]) {
    if (LOOPBACK.test(hostname) || confirm === hostname) continue;
    throw new TargetError(
      `${hostname} is not this machine; --confirm ${hostname} sends a whole city there all the same`,
    );
  }
  return {
    http,
    mqtt: { host: bare(plain.hostname), port: Number(plain.port || PORTS.mqtt) },
    mqtts: sealed && { host: bare(sealed.hostname), port: Number(sealed.port || PORTS.mqtts) },
    ca,
  };
}

/** Whether devices can have addresses of their own: only on this machine are all of 127.0.0.0/8 there. */
export function isLoopback({ mqtt, http }: Doors): boolean {
  return LOOPBACK.test(mqtt.host) && LOOPBACK.test(http.hostname) && mqtt.host !== '::1' && http.hostname !== '[::1]';
}

function urlOf(text: string, schemes: readonly string[], option: string): URL {
  const url = URL.parse(text);
  if (url && schemes.includes(url.protocol) && url.hostname !== '') return url;
  throw new TargetError(`${option} ${text}: is no ${schemes.join(' or ').replaceAll(':', '')} address`);
}

function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '');
}
