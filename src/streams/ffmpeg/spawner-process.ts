/**
 * The spawner: a process of its own that alone starts, watches and ends ffmpeg. Starting a hundred of them from the
 * gateway would stop its event loop for seconds. It lives as long as the channel to the gateway; when that closes, for
 * whatever reason, every ffmpeg is ended and it ends itself.
 *
 * It lives in the network of ffmpeg, which leads nowhere. So it opens the relay's port there and hands the listening
 * socket to the gateway: a socket stays in the network it was made in, whoever holds it.
 */
import { type AddressInfo, createServer } from 'node:net';
import { systemClock } from '../../core/clock.ts';
import { Processes } from './processes.ts';
import { parseToSpawner, type SpawnerSettings } from './protocol.ts';

const settings = JSON.parse(process.argv[2] ?? '{}') as SpawnerSettings;

const relay = createServer();
await new Promise<void>((resolve, reject) => {
  relay.once('error', reject);
  relay.listen(0, '127.0.0.1', resolve);
});
const processes = new Processes(
  {
    clock: systemClock,
    send: (message) => {
      // A closed channel is handled by `disconnect`; the callback keeps a failed send from being thrown.
      if (process.connected) process.send?.(message, () => {});
    },
    relay: `127.0.0.1:${(relay.address() as AddressInfo).port}`,
  },
  settings,
);

process.on('message', (raw) => {
  const message = parseToSpawner(raw);
  if (message) processes.handle(message);
});
process.on('disconnect', () => {
  processes.killAll();
  process.exit(0);
});
if (!process.connected) process.exit(1);
process.send?.({ type: 'ready' }, relay, undefined, () => relay.close());
