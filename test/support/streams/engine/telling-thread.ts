/**
 * A thread of video that tells a part and waits until it is taken, fifty times, and then of some that it left out. Of a
 * camera whose address ends in `/stays` it tells nothing until it is stopped.
 */
import { parentPort } from 'node:worker_threads';
import type { FromThread, ToThread } from '../../../../src/streams/engine/protocol.ts';

const PARTS = 50;
const BYTES = 1_000;

const port = parentPort!;
const tell = (message: FromThread) => port.postMessage(message);
let taken = 0;

port.on('message', (message: ToThread) => {
  const { id } = message;
  if (message.type === 'open' && message.camera.url.endsWith('/stays')) return;
  if (message.type === 'stop') {
    tell({ type: 'ended', id, outcome: { reason: 'stopped', detail: undefined } });
    return;
  }
  if (message.type === 'taken') taken += message.bytes / BYTES;
  if (taken < PARTS) {
    const fragment = { data: Buffer.alloc(BYTES), decodeTimeMs: taken, durationMs: 1, key: true };
    tell({ type: 'part', id, part: { type: 'fragment', fragment } });
    return;
  }
  tell({ type: 'dropped', id, fragments: 7 });
  tell({ type: 'ended', id, outcome: 'unfit' });
});
