import type { StopFailure } from '../../core/mechanisms/lifecycle.ts';
import type { Config } from '../config/config.ts';
import { VERSION } from '../version.ts';

/** The whole gateway once it runs. */
export interface Gateway {
  /** Lines for the person who started it. */
  ready: string[];
  /** `mqtt`: where devices connect without TLS, or the broker. */
  urls: { http: string; mqtt: string };
  /** Resolves when another gateway has taken the database: this one must end at once and write nothing more. */
  lost: Promise<null>;
  /** Stops everything, newest first, within the deadline; resolves with what did not end well. */
  stop(deadlineMs: number): Promise<StopFailure[]>;
}

/** Lines for the person who started it: where everything is. `urls` are those of the uplinks. */
export function greeting(http: string, urls: readonly string[]): string[] {
  const line = (url: string) => `  ${url.slice(0, url.indexOf(':')).toUpperCase().padEnd(5)} ${url}`;
  return [`citywatch ${VERSION} is ready.`, `  API   ${http}/api/docs`, ...urls.map(line)];
}

/** What a broker proves itself by, where it may ask us; nothing where it may not. */
export function sharedSecrets({ mqtt: { brokerSecret }, metrics: { token } }: Config) {
  return { ...(brokerSecret !== null && { brokerSecret }), ...(token !== null && { metricsToken: token }) };
}
