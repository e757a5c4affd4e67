import { signal } from '@preact/signals';
import { SERVICE_WORKER, trustedWorker } from '../../ground/trusted.ts';

/** Set by the build: whether this page may be kept on devices. */
declare const KEPT_ON_DEVICES: boolean;

/** Whether a newer page waits until the one before is not open any more. */
export const newVersion = signal(false);

/** A newer page that was asked for is there long before. */
const TAKES_OVER_MS = 10_000;

let registered: Promise<ServiceWorkerRegistration | null> | null = null;

/** Has the page kept on this device, and watches for its next version. Never rejects. */
export function followVersions(): Promise<ServiceWorkerRegistration | null> {
  registered ??= register().catch(() => null);
  return registered;
}

/** Resolves once the page is kept on this device; false where it is not going to be. */
export async function isPageKept(): Promise<boolean> {
  const registration = await followVersions();
  if (registration) await navigator.serviceWorker.ready;
  return registration !== null;
}

/** Goes over to the newer page, which is read anew with all its files. */
export function takeNewVersion(): void {
  void followVersions().then(async (registration) => {
    navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
    registration?.waiting?.postMessage({ what: 'now' });
    await new Promise((done) => setTimeout(done, TAKES_OVER_MS));
    // Chromium lets it wait now and then although it asked not to: then the page comes from the gateway, kept anew.
    const answer = await fetch('/healthz', { cache: 'no-store' }).catch(() => null);
    if (answer === null || answer.status >= 500) return;
    await registration?.unregister();
    location.reload();
  });
}

async function register(): Promise<ServiceWorkerRegistration | null> {
  if (!KEPT_ON_DEVICES || !('serviceWorker' in navigator)) return null;
  const registration = await navigator.serviceWorker.register(trustedWorker(SERVICE_WORKER), {
    scope: '/',
    updateViaCache: 'none',
  });
  watch(registration.installing);
  registration.addEventListener('updatefound', () => watch(registration.installing));
  ask(registration.waiting);
  function watch(worker: ServiceWorker | null): void {
    worker?.addEventListener('statechange', () => ask(registration.waiting));
  }
  return registration;
}

/** A page that was read from the gateway may be of the newer version already. */
function ask(worker: ServiceWorker | null): void {
  newVersion.value = worker !== null;
  if (!worker) return;
  const [script] = document.querySelectorAll<HTMLScriptElement>('script[type=module][src]');
  worker.postMessage({ what: 'mine?', script: script ? new URL(script.src).pathname : '' });
  worker.addEventListener('statechange', () => {
    if (worker.state !== 'installed') newVersion.value = false;
  });
}
