import { AsyncLocalStorage, AsyncResource, executionAsyncResource } from 'node:async_hooks';

/**
 * Stands for the package async-hook-domain, by which tap finds the test that began what nobody catches. That one asks to
 * be told of each promise that is made and collected, which is a third of what a test costs that waits for a database;
 * this one lets Node carry the domain along, at no cost.
 */
const current = new AsyncLocalStorage();

/** Told of errors that nobody catches in what began while it was the current one, until it is destroyed. */
export class Domain {
  destroyed = false;

  constructor(onerror) {
    this.onerror = onerror;
    this.parent = living(current.getStore());
    current.enterWith(this);
    const scope = executionAsyncResource();
    if (scope instanceof AsyncResource) stayIn(scope, this);
    watch();
  }

  destroy() {
    this.destroyed = true;
  }
}

/** What runs in this scope later runs in the domain, too: by itself the scope knows only what was there when it was made. */
function stayIn(scope, domain) {
  const run = scope.runInAsyncScope;
  scope.runInAsyncScope = (work, self, ...args) =>
    run.call(scope, () => current.run(domain, () => Reflect.apply(work, self, args)));
}

function living(domain) {
  let found = domain ?? null;
  while (found?.destroyed) found = found.parent;
  return found;
}

let isWatching = false;

function watch() {
  if (isWatching) return;
  isWatching = true;
  process.on('uncaughtExceptionMonitor', (error, origin) => {
    if (process.hasUncaughtExceptionCaptureCallback() || process.listenerCount('uncaughtException') > 0) return;
    if (!tell(error, origin)) return;
    // It is dealt with: the process goes on.
    process.setUncaughtExceptionCaptureCallback(() => process.setUncaughtExceptionCaptureCallback(null));
  });
}

function tell(error, origin) {
  const domain = living(current.getStore());
  if (domain === null) return false;
  domain.onerror(error, origin);
  return true;
}
