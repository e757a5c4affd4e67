import { clientOptions, openWith, unfitness } from './link.ts';
import type { ExternalMqttOptions } from './options.ts';

/** What a broker says to somebody who only looks. */
export type BrokerAnswer =
  | { type: 'fits' }
  /** It lets us in and cannot do what we need. */
  | { type: 'unfit'; why: string }
  /** CONNACK with this code (MQTT 5 §3.2.2.2; 1-5 of a broker that speaks 3.1.1). */
  | { type: 'refused'; code: number }
  /** No CONNACK came: the code of the system or of TLS, where there is one. */
  | { type: 'silent'; code: string | null };

/** Not the name of a gateway: a second connection under its name would end the first. */
const CLIENT_ID = 'citywatch-doctor';

/** Connects once with a session of its own, says goodbye, and tells what came of it. Never rejects. */
export function askBroker(options: ExternalMqttOptions, signal: AbortSignal): Promise<BrokerAnswer> {
  const base = clientOptions({ ...options, clientId: CLIENT_ID });
  const client = openWith({ ...base, clean: true, properties: {}, reconnectPeriod: 0, reconnectOnConnackError: false });
  return new Promise<BrokerAnswer>((resolve) => {
    const silent = (code: string | null) => resolve({ type: 'silent', code });
    client.once('connect', ({ properties }) => {
      const why = unfitness(properties ?? {});
      resolve(why === null ? { type: 'fits' } : { type: 'unfit', why });
    });
    client.on('error', (error: Error & { code?: unknown }) => {
      if (typeof error.code === 'number') resolve({ type: 'refused', code: error.code });
      else silent(typeof error.code === 'string' ? error.code : null);
    });
    client.on('close', () => silent(null));
    signal.addEventListener('abort', () => silent('ETIMEDOUT'), { once: true });
    if (signal.aborted) silent('ETIMEDOUT');
  }).finally(() => client.end(true));
}
