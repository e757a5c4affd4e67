import mapWorkerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import decoderUrl from '../devices/scan/decoder.ts?worker&url';
import workerUrl from '../feed/worker.ts?worker&url';

/** The one script whose address says nothing of what is in it: browsers look for its next version there. */
export const SERVICE_WORKER = '/sw.js';

/** Addresses of scripts that this page may start beside those it came with. */
const SCRIPTS: readonly string[] = [workerUrl, mapWorkerUrl, decoderUrl, SERVICE_WORKER];

interface Policies {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): string };
}

/** The one policy that the server's content policy names: it lets through constant addresses of our own. */
const policy = (globalThis as { trustedTypes?: Policies }).trustedTypes?.createPolicy('citywatch', {
  createScriptURL(url) {
    if (!SCRIPTS.includes(url)) throw new TypeError('not a script of this page');
    return url;
  },
});

/** The address of a worker as the browser wants it: as text where it knows no trusted types. */
export function trustedWorker(url: string): string {
  return policy?.createScriptURL(url) ?? url;
}

/**
 * The address of the map's workers. MapLibre asks an address how it ends before it starts a worker with it, which one
 * that is trusted cannot say by itself.
 */
export function trustedMapWorker(): string {
  const trusted: unknown = trustedWorker(mapWorkerUrl);
  if (typeof trusted === 'string') return trusted;
  const endsWith = (end: string) => mapWorkerUrl.endsWith(end);
  const split = (at: RegExp) => mapWorkerUrl.split(at);
  return Object.assign(trusted as object, { endsWith, split }) as unknown as string;
}
