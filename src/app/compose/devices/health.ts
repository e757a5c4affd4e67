import type { DeviceId } from '../../../core/types.ts';
import { HealthBook, type SignalName } from '../../../devices/health/book.ts';
import { HealthFeed } from '../../../devices/health/feed.ts';
import { HealthList } from '../../../devices/health/list.ts';
import { HealthStore } from '../../../devices/health/store.ts';
import type { DirectoryEntry } from '../../../devices/registry/directory.ts';
import type { UplinkDeps } from '../../../ingest/uplinks/uplink.ts';
import type { FailureReason } from '../../../streams/pool/types.ts';
import type { Hearer } from '../../../telemetry/twin/twin-reader.ts';
import type { Ground } from '../ground/ground.ts';
import type { CameraHealth } from '../streams/video.ts';
import type { Devices } from './devices.ts';

export type DevicesHealth = ReturnType<typeof composeHealth>;

/** What keeps pictures away and is not the camera's doing: nothing can be said of it. */
const NOT_ITS_DOING: ReadonlySet<FailureReason> = new Set([
  'stopped',
  'elsewhere',
  'no-lease',
  'lookup',
  'no-address',
  'refused-address',
  'not-started',
  'ffmpeg',
]);

/** Those who tell of devices. */
function tellersOf(book: HealthBook) {
  const tell = (id: DeviceId, name: SignalName, problem: string | null): void =>
    book.signal(id, name, { good: problem === null, detail: problem });
  const connected: UplinkDeps['connected'] = (id, now) => {
    // Who says goodbye comes back when it has something to say: only its silence tells.
    if (now === 'left') book.signal(id, 'connection', null);
    else tell(id, 'connection', now === 'open' ? null : 'lost');
  };
  const cameras: CameraHealth = {
    answered: (id, answered) => tell(id, 'answer', answered ? null : 'silent'),
    asked: (id, problem) => tell(id, 'onvif', problem),
    pictured: (id, failure) => {
      if (failure !== null && NOT_ITS_DOING.has(failure)) book.signal(id, 'stream', null);
      else tell(id, 'stream', failure);
    },
  };
  const hearer: Hearer = {
    heard: (id, { online, ...word }) => (online ? book.heard(id, word) : tell(id, 'said', 'offline')),
  };
  return { connected, cameras, hearer };
}

/** How every device is, and those who tell of it. Starts nothing. */
export function composeHealth(ground: Ground, { kinds, directory, jurisdictions }: Devices) {
  const { clock, observer, database, lifecycle } = ground;
  const book = new HealthBook({ clock, observer, kind: (name) => kinds.latest(name) });
  const store = new HealthStore({ ...ground, verdictOf: (id) => book.ownVerdict(id) });
  const changes = new HealthFeed({ clock, book });
  const listeners: ((id: DeviceId) => void)[] = [(id) => store.changed(id), (id) => changes.judged(id)];
  book.listen((id) => {
    for (const judged of listeners) judged(id);
  });
  const list = new HealthList({ book, directory, database, tree: jurisdictions });
  const deviceOf = ({ identity: { id, kind }, state, parent }: DirectoryEntry) => ({ id, kind, state, parent });
  return {
    ...tellersOf(book),
    prune: () => store.prune(),
    shown: (id: DeviceId) => list.shown(id),
    healthOf: (id: DeviceId) => book.healthOf(id),
    judgements: { of: (id: DeviceId) => book.of(id) },
    /** Tells somebody more of each device that is judged otherwise; `judged` must not throw. */
    alsoTell: (judged: (id: DeviceId) => void): void => void listeners.push(judged),
    /** What people ask of it. */
    port: {
      list: list.list.bind(list),
      of: list.of.bind(list),
      told: list.told.bind(list),
      lies: list.lies.bind(list),
      changes,
      downtimeOf: store.downtimeOf.bind(store),
    },
    deviceChanged: (entry: DirectoryEntry): void => book.put(deviceOf(entry)),
    /** Begins with what was judged before, and with when each device was heard last. */
    async start(lastSeenAtMs: (id: DeviceId) => number | null): Promise<void> {
      const before = await store.load();
      for (const id of directory.ids()) {
        const verdict = before.get(id);
        const heardAtMs = lastSeenAtMs(id);
        book.put(deviceOf(directory.get(id)!), { heardAtMs, ...(verdict && { verdict }) });
      }
      changes.begin(directory.ids());
      lifecycle.onStop('changes of health', () => changes.stop());
      store.start();
      lifecycle.onStop('health on disk', () => store.stop());
      book.start();
      lifecycle.onStop('health', () => book.stop());
    },
  };
}
