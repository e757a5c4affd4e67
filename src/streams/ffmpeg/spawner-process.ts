/**
 * The spawner: a process of its own that alone starts, watches and ends ffmpeg. Starting a hundred of them from the
 * gateway would stop its event loop for seconds. It lives as long as the channel to the gateway; when that closes, for
 * whatever reason, every ffmpeg is ended and it ends itself.
 */
import { systemClock } from '../../core/clock.ts';
import { Processes } from './processes.ts';
import { parseToSpawner, type SpawnerSettings } from './protocol.ts';

const settings = JSON.parse(process.argv[2] ?? '{}') as SpawnerSettings;

const processes = new Processes(
  {
    clock: systemClock,
    send: (message) => {
      // A closed channel is handled by `disconnect`; the callback keeps a failed send from being thrown.
      if (process.connected) process.send?.(message, () => {});
    },
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
process.send?.({ type: 'ready' });
