import type { TLSSocket } from 'node:tls';
import { type Agent, buildConnector } from 'undici';

/** One for each camera of a city that is believed by its own certificate, and one more for what waits at it. */
const AGENTS_MAX = 16_384;

/**
 * Agents that believe one certificate each, by its SHA-256 fingerprint (64 hex digits): whoever signed it, whenever it
 * ends, and whatever names stand in it. The one used longest ago is closed where there are too many.
 */
export class PinnedAgents {
  readonly #agents = new Map<string, Agent>();

  get(key: string, make: () => Agent): Agent {
    const agent = this.#agents.get(key) ?? make();
    this.#agents.delete(key);
    this.#agents.set(key, agent);
    const oldest = this.#agents.entries().next();
    if (this.#agents.size > AGENTS_MAX && !oldest.done) {
      this.#agents.delete(oldest.value[0]);
      void oldest.value[1].close().catch(() => {});
    }
    return agent;
  }

  /** Takes all of them away, to be ended. */
  drain(): Agent[] {
    const all = [...this.#agents.values()];
    this.#agents.clear();
    return all;
  }
}

/** As undici connects, but for whom it believes. Nothing is sent before the certificate was looked at. */
export function pinnedConnector(options: buildConnector.BuildOptions, pin: string): buildConnector.connector {
  // A session that is resumed need not show its certificate again.
  const connect = buildConnector({ ...options, rejectUnauthorized: false, maxCachedSessions: 0 });
  return (target, callback) => {
    connect(target, (...[error, socket]) => {
      if (error) return callback(error, null);
      const shown = (socket as Partial<TLSSocket>).getPeerCertificate?.().fingerprint256 ?? '';
      if (shown.replaceAll(':', '').toLowerCase() === pin) return callback(null, socket as TLSSocket);
      socket?.destroy();
      callback(Object.assign(new Error('another certificate'), { code: 'CERT_NOT_PINNED' }), null);
    });
  };
}
