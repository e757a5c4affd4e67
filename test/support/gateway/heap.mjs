import { renameSync, writeFileSync } from 'node:fs';

/** Loaded into a gateway: at each SIGUSR2 collects all garbage and writes to HEAP_FILE what the heap still holds, bytes. */
const file = process.env.HEAP_FILE;
if (file && process.argv.includes('serve')) {
  process.on('SIGUSR2', () => {
    globalThis.gc();
    const { heapUsed, external } = process.memoryUsage();
    writeFileSync(`${file}.new`, JSON.stringify({ heapUsed, external }));
    renameSync(`${file}.new`, file);
  });
}
