/** The files that make up the page of this version, which the build writes above this; null: it was switched off. */
declare const SHELL: { version: string; files: Record<string, string> } | null;

interface Waiting extends Event {
  waitUntil(until: Promise<unknown>): void;
}

interface Asking extends Waiting {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}

/** What a service worker has around it, as far as it is used here. */
interface Scope {
  addEventListener(type: 'install' | 'activate', run: (event: Waiting) => void): void;
  addEventListener(type: 'fetch', run: (event: Asking) => void): void;
  addEventListener(type: 'message', run: (event: MessageEvent<Said>) => void): void;
  skipWaiting(): Promise<void>;
  clients: { claim(): Promise<void>; matchAll(options: { includeUncontrolled: boolean }): Promise<unknown[]> };
  registration: { unregister(): Promise<boolean> };
  location: Location;
}

/** `mine?`: a page that was started by this script asks whether that is one of this version. */
type Said = { what: 'now' } | { what: 'mine?'; script: string };

const OWN = 'citywatch-shell-';
const INDEX = '/';
/** Longer than this nobody waits for a page that is here already. */
const PAGE_MS = 5_000;
/** Of a proxy before a gateway that is not there. */
const NOBODY = [502, 503, 504];

const scope = globalThis as unknown as Scope;

if (SHELL) serve(SHELL);
else leave();

/**
 * Keeps the files of the page, and nothing that the API says. Each version has a place of its own and is taken whole or
 * not at all; it serves pages once no page of the version before is open, or when somebody says so.
 */
function serve({ version, files }: NonNullable<typeof SHELL>): void {
  const place = `${OWN}${version}`;
  scope.addEventListener('install', (event) => event.waitUntil(take(place, files)));
  scope.addEventListener('activate', (event) => {
    event.waitUntil(removePlaces((name) => name !== place).then(() => scope.clients.claim()));
  });
  scope.addEventListener('message', ({ data }) => {
    if (data.what === 'now') void scope.skipWaiting();
    else if (Object.hasOwn(files, data.script)) void takeOverAlone();
  });
  scope.addEventListener('fetch', (event) => {
    const { request } = event;
    const { origin, pathname } = new URL(request.url);
    if (request.method !== 'GET' || origin !== scope.location.origin || pathname.startsWith('/api/')) return;
    if (request.mode === 'navigate') event.respondWith(page(request, place));
    else if (Object.hasOwn(files, pathname) && pathname !== INDEX) event.respondWith(kept(request, pathname, place));
  });
}

/** Whoever has the only page, and that of this version, has none of the version before. */
async function takeOverAlone(): Promise<void> {
  const pages = await scope.clients.matchAll({ includeUncontrolled: true });
  if (pages.length === 1) await scope.skipWaiting();
}

/** Rejects where one file is not that of this version: the gateway may have another one by now. */
async function take(place: string, files: Record<string, string>): Promise<void> {
  const store = await caches.open(place);
  try {
    for (const [address, hash] of Object.entries(files)) {
      const answer = await fetch(address, { cache: 'no-cache', credentials: 'omit', redirect: 'error' });
      const bytes = await answer.clone().arrayBuffer();
      if (!answer.ok || (await hashOf(bytes)) !== hash) throw new TypeError(`${address} is of another version`);
      await store.put(address, answer);
    }
  } catch (error) {
    await caches.delete(place);
    throw error;
  }
}

async function hashOf(bytes: ArrayBuffer): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', bytes);
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** From the gateway, which may have a newer one; where it does not answer, the one that is kept with all its files. */
async function page(request: Request, place: string): Promise<Response> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), PAGE_MS);
  try {
    const answer = await fetch(request, { signal: limit.signal });
    if (!NOBODY.includes(answer.status)) return answer;
  } catch {
    // What is kept is shown.
  } finally {
    clearTimeout(timer);
  }
  return (await (await caches.open(place)).match(INDEX)) ?? Response.error();
}

/** Its name or its version says what is in it, so it never differs from what the gateway has under this address. */
async function kept(request: Request, pathname: string, place: string): Promise<Response> {
  return (await (await caches.open(place)).match(pathname)) ?? fetch(request);
}

/** A build without this part takes away what an earlier one left on devices. */
function leave(): void {
  scope.addEventListener('install', () => void scope.skipWaiting());
  scope.addEventListener('activate', (event) => {
    event.waitUntil(removePlaces(() => true).then(() => scope.registration.unregister()));
  });
}

async function removePlaces(isOld: (name: string) => boolean): Promise<void> {
  const names = (await caches.keys()).filter((name) => name.startsWith(OWN) && isOld(name));
  await Promise.all(names.map((name) => caches.delete(name)));
}
