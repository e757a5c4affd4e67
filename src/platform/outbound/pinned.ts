import type { PeerCertificate, TLSSocket } from 'node:tls';
import { type Agent, buildConnector } from 'undici';
import type { ShownCertificate } from '../../core/registry/unit.ts';

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

/** Origins whose certificates are remembered. */
const SHOWN_MAX = 16_384;
const SUBJECT_MAX_CHARACTERS = 256;

/** What hosts showed when they were last connected to over https. The one seen longest ago is forgotten first. */
export class ShownCertificates {
  readonly #byHost = new Map<string, ShownCertificate>();

  /** Undefined where nothing was shown. */
  at({ protocol, hostname, port }: URL): ShownCertificate | undefined {
    return protocol === 'https:' ? this.#byHost.get(hostKey(hostname, port)) : undefined;
  }

  /** A session that was resumed shows nothing: what was shown when it began still counts. */
  notice({ hostname, port }: Pick<buildConnector.Options, 'hostname' | 'port'>, socket: Partial<TLSSocket>): void {
    const shown = socket.getPeerCertificate?.();
    if (!shown?.fingerprint256) return;
    const key = hostKey(hostname, port);
    this.#byHost.delete(key);
    this.#byHost.set(key, {
      fingerprint: plain(shown.fingerprint256),
      subject: subjectOf(shown),
      notAfterMs: Date.parse(shown.valid_to),
    });
    const oldest = this.#byHost.keys().next();
    if (this.#byHost.size > SHOWN_MAX && !oldest.done) this.#byHost.delete(oldest.value);
  }
}

function hostKey(hostname: string, port: string): string {
  return `${hostname} ${port || '443'}`;
}

function plain(fingerprint: string): string {
  return fingerprint.replaceAll(':', '').toLowerCase();
}

/** `CN=cam-7, O=Dahua`, without what a log or a page could take for more than text. */
function subjectOf({ subject }: PeerCertificate): string {
  const parts = Object.entries(subject ?? {}).map(([name, value]) => `${name}=${[value].flat().join('+')}`);
  return parts
    .join(', ')
    .replace(/\p{C}+/gu, ' ')
    .slice(0, SUBJECT_MAX_CHARACTERS);
}

/** As undici connects, and what is shown is noticed. */
export function noticingConnector(
  options: buildConnector.BuildOptions,
  shown: ShownCertificates,
): buildConnector.connector {
  const connect = buildConnector(options);
  return (target, callback) => {
    connect(target, (...[error, socket]) => {
      if (error) return callback(error, null);
      shown.notice(target, socket as Partial<TLSSocket>);
      callback(null, socket as TLSSocket);
    });
  };
}

/** As undici connects, but for whom it believes. Nothing is sent before the certificate was looked at. */
export function pinnedConnector(
  options: buildConnector.BuildOptions,
  { pin, shown }: { pin: string; shown: ShownCertificates },
): buildConnector.connector {
  // A session that is resumed need not show its certificate again.
  const connect = buildConnector({ ...options, rejectUnauthorized: false, maxCachedSessions: 0 });
  return (target, callback) => {
    connect(target, (...[error, socket]) => {
      if (error) return callback(error, null);
      const found = (socket as Partial<TLSSocket>).getPeerCertificate?.().fingerprint256 ?? '';
      if (plain(found) !== pin) {
        socket?.destroy();
        return callback(Object.assign(new Error('another certificate'), { code: 'CERT_NOT_PINNED' }), null);
      }
      shown.notice(target, socket as Partial<TLSSocket>);
      callback(null, socket as TLSSocket);
    });
  };
}
