import { writeFileSync } from 'node:fs';
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';

/**
 * Loaded into the gateway by NODE_OPTIONS: at each SIGUSR2 writes to BENCH_LOOP_FILE how late its event loop
 * ran and how long it stood still for garbage collection since the signal before.
 */
const file = process.env.BENCH_LOOP_FILE;
if (file && process.argv.includes('serve')) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  let collections = [];
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) collections.push(duration);
  }).observe({ entryTypes: ['gc'] });
  process.on('SIGUSR2', () => {
    const ms = (nanoseconds) => Math.round(nanoseconds / 1e4) / 100;
    writeFileSync(
      file,
      JSON.stringify({
        loopP99Ms: ms(delay.percentile(99)),
        loopMaxMs: ms(delay.max),
        collections: collections.length,
        collectionSumMs: Math.round(collections.reduce((sum, one) => sum + one, 0)),
        collectionMaxMs: Math.round(Math.max(0, ...collections)),
      }),
    );
    delay.reset();
    collections = [];
  });
}
