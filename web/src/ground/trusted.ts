import workerUrl from '../feed/worker.ts?worker&url';

/** Addresses of scripts that this page may start beside those it came with. */
const SCRIPTS: readonly string[] = [workerUrl];

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
