import type { GatewayAlerts } from '../../../alerts/desk/gateway-alerts.ts';
import { OUTAGE_RULE } from '../../../alerts/route/stages/outage.ts';
import { slotOf } from '../../../core/slots.ts';
import type { DeviceId } from '../../../core/types.ts';
import { HealthBook, type HealthDevice, type SignalName } from '../../../devices/health/book.ts';
import { HealthFeed } from '../../../devices/health/feed.ts';
import { HealthList } from '../../../devices/health/list.ts';
import { type OutageAlerts, Outages } from '../../../devices/health/outages.ts';
import { HealthStore } from '../../../devices/health/store.ts';
import { HealthTally } from '../../../devices/health/tally.ts';
import type { DirectoryEntry } from '../../../devices/registry/directory.ts';
import type { UplinkDeps } from '../../../ingest/uplinks/uplink.ts';
import { NOT_ITS_DOING } from '../../../streams/pool/types.ts';
import type { Hearer } from '../../../telemetry/twin/twin-reader.ts';
import type { Ground } from '../ground/ground.ts';
import type { CameraHealth } from '../streams/video.ts';
import type { Devices } from './devices.ts';

export type DevicesHealth = ReturnType<typeof composeHealth>;

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

/** Where an outage is told. */
function outageAlerts(
  alerts: Pick<GatewayAlerts, 'set' | 'holding'>,
  directory: Pick<Devices['directory'], 'topmost'>,
): OutageAlerts {
  return {
    holding: () => alerts.holding(OUTAGE_RULE),
    say: async ({ id, jurisdiction }, isDark, data) => {
      const about = { id, jurisdiction, slot: slotOf(directory.topmost(id)) };
      await alerts.set(OUTAGE_RULE, isDark, { ...data }, about);
    },
  };
}

/** What may be asked of outages, one by one. */
function outagesPort(outages: Outages): Pick<Outages, 'above' | 'lately' | 'beside'> {
  return {
    above: (id) => outages.above(id),
    lately: (id) => outages.lately(id),
    beside: (id) => outages.beside(id),
  };
}

function deviceOf({ identity: { id, kind }, state, parent }: DirectoryEntry): HealthDevice {
  return { id, kind, state, parent };
}

/** Those who follow the registry. */
function followers({ book, tally, directory }: { book: HealthBook; tally: HealthTally } & Pick<Devices, 'directory'>) {
  return {
    deviceChanged(entry: DirectoryEntry): void {
      book.put(deviceOf(entry));
      tally.changed(entry.identity.id);
    },
    /** What a device has open ends; one that has no row any more is judged no longer. */
    disconnected(id: DeviceId): void {
      if (directory.get(id)) return;
      book.remove(id);
      tally.changed(id);
    },
  };
}

/** How every device is, and those who tell of it. Starts nothing. */
export function composeHealth(ground: Ground, { kinds, directory, jurisdictions }: Devices) {
  const { clock, observer, database, lifecycle } = ground;
  const book = new HealthBook({ clock, kind: (name) => kinds.latest(name) });
  const store = new HealthStore({ ...ground, verdictOf: (id) => book.ownVerdict(id) });
  const changes = new HealthFeed({ clock, book });
  const parentOf = (id: DeviceId) => directory.get(id)?.parent ?? null;
  const identity = (id: DeviceId) => directory.identity(id);
  const outages = new Outages({ groups: book.together, parentOf, identity, clock, observer });
  const listeners: ((id: DeviceId) => void)[] = [];
  const tally = new HealthTally({ book, directory, observer });
  for (const part of [tally, changes, outages]) listeners.push((id) => part.judged(id));
  listeners.push((id) => store.changed(id));
  book.listen((id) => {
    for (const judged of listeners) judged(id);
  });
  const list = new HealthList({ book, tally, directory, database, tree: jurisdictions });
  return {
    ...tellersOf(book),
    prune: (nowMs: number) => store.prune(nowMs),
    shown: (id: DeviceId) => list.shown(id),
    outages: outagesPort(outages),
    /** From now on an outage is one alert at the parent. */
    async tellOutages(alerts: Pick<GatewayAlerts, 'set' | 'holding'>): Promise<void> {
      await outages.start(outageAlerts(alerts, directory));
      lifecycle.onStop('outages', () => outages.stop());
    },
    tally,
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
      stretchesOf: store.stretchesOf.bind(store),
    },
    ...followers({ book, tally, directory }),
    /** Begins with what was judged before, and with when each device was heard last. */
    async start(lastSeenAtMs: (id: DeviceId) => number | null): Promise<void> {
      const before = await store.load();
      for (const id of directory.ids()) {
        const verdict = before.get(id);
        const heardAtMs = lastSeenAtMs(id);
        book.put(deviceOf(directory.get(id)!), { heardAtMs, ...(verdict && { verdict }) });
      }
      for (const id of directory.ids()) tally.changed(id);
      changes.begin(directory.ids());
      lifecycle.onStop('changes of health', () => changes.stop());
      store.start();
      lifecycle.onStop('health on disk', () => store.stop());
      book.start();
      lifecycle.onStop('health', () => book.stop());
    },
  };
}
