/** A thread of video that goes wrong for cameras whose address says so. */
import '../../../../src/streams/engine/thread.ts';
import { parentPort } from 'node:worker_threads';
import type { ToThread } from '../../../../src/streams/engine/protocol.ts';

parentPort!.on('message', (message: ToThread) => {
  if (message.type !== 'open') return;
  if (message.camera.url.endsWith('/eats-memory')) eatMemory();
  if (message.camera.url.endsWith('/hangs')) hang();
  if (message.camera.url.endsWith('/throws')) throw new Error('as a fault of ours would');
});

function eatMemory(): void {
  const eaten: number[][] = [];
  for (;;) eaten.push(Array.from({ length: 10_000 }, (_, n) => n));
}

function hang(): void {
  for (;;);
}
