import { Hub, type Said } from './hub.ts';

/** The shared worker: keeps one connection for all windows of the browser. */
const hub = new Hub();

addEventListener('connect', (event) => {
  const port = (event as MessageEvent).ports[0];
  if (!port) return;
  port.onmessage = ({ data }: MessageEvent<Said>) => hub.hear(port, data, (heard) => port.postMessage(heard));
});
