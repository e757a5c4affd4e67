import type { VirtualCamera } from '../../../simulators/camera/camera.ts';
import { type Clock, systemClock } from '../../../src/core/clock.ts';
import { Counter } from '../../../src/core/observe.ts';
import { CameraEventLoop, LOOP_TIMES, type LoopTimes } from '../../../src/devices/cameras/event-loop.ts';
import { SOURCES_MAX } from '../../../src/devices/onvif/event-states.ts';
import type { OnvifPorts } from '../../../src/devices/onvif/inspect.ts';
import type { Journal } from '../../../src/ingest/journal/journal.ts';
import { Intake } from '../../../src/ingest/uplinks/common/intake.ts';
import { UNLIMITED_RATES } from '../../../src/ingest/uplinks/common/rate-budget.ts';
import { OnvifEvents } from '../../../src/ingest/uplinks/onvif/camera-events.ts';
import { UNTROUBLED } from '../ingest/intake.ts';
import { openJournal, quietObserver, readAll, temporaryDirectory } from '../ingest/journal.ts';
import { onvifPorts } from './cameras.ts';

interface Owner {
  teardown(run: () => unknown): void;
}

/** Times at which a test need not wait; one second is the shortest an ONVIF duration of ours says. */
export const QUICK: LoopTimes = {
  ...LOOP_TIMES,
  pullMs: 1_000,
  slackMs: 1_000,
  termMs: 6_000,
  askMs: 2_000,
  idleGapMs: 50,
  gapMs: 10,
  retryMs: 50,
  steadyMs: 500,
  backoffMinMs: 50,
  backoffMaxMs: 400,
  authPauseMs: 400,
};

export interface Told {
  id: string;
  ts?: number;
  type: string;
  data: Record<string, unknown>;
}

export interface FollowedCamera {
  loop: CameraEventLoop;
  /** The sources that are on, as a restart would find them. */
  active(): string[];
  journal: Journal;
  counts: { subscribed: number };
  /** Payloads in the journal, in its order. */
  told(): Promise<Told[]>;
  /** How messages ended, or subscriptions, by label. */
  count(of: 'messages' | 'ended', label: string): Promise<number>;
}

export interface FollowOptions {
  times?: Partial<LoopTimes>;
  ports?: OnvifPorts;
  /** Where the camera is reached, if not at its own address. */
  xaddr?: string;
  /** Stands before the journal: resolves, or rejects as a full journal does. */
  gate?: () => Promise<void>;
  journal?: Journal;
  active?: readonly string[];
  /** The system's when absent. */
  clock?: Clock;
}

/** The loop of one camera on a real journal, with the uplink between them as in the gateway. */
export async function followCamera(
  t: Owner,
  camera: VirtualCamera,
  options: FollowOptions = {},
): Promise<FollowedCamera> {
  const observer = quietObserver();
  const { clock = systemClock } = options;
  const journal = options.journal ?? (await openOwnJournal(t));
  const intake = new Intake({ live: journal }, UNTROUBLED);
  const device = { id: camera.id, kind: 'camera', kindVersion: 2, jurisdiction: '330203' };
  const accept: Intake['accept'] = async (message) => {
    await options.gate?.();
    return intake.accept(message);
  };
  const uplink = new OnvifEvents({ accept, find: async () => device, rates: UNLIMITED_RATES, clock, observer });
  await uplink.start();
  const counter = <Label extends string>(name: string, label: Label) =>
    new Counter({ name, help: name, labelNames: [label], registers: [observer.metrics] });
  const counts = { subscribed: 0, messages: counter('messages', 'outcome'), ended: counter('ended', 'reason') };
  const store = uplink.take.bind(uplink);
  let active: string[] = [];
  const remember = (_: string, sources: string[]): void => {
    active = sources;
  };
  const believed = { admit: async () => {}, lost: () => {}, asked: () => {} };
  const deps = {
    onvif: options.ports ?? onvifPorts(t),
    clock,
    log: observer.log,
    counts,
    store,
    remember,
    ...believed,
  };
  const access = { xaddr: options.xaddr ?? camera.xaddr, ...camera.account };
  const times = { ...QUICK, ...options.times };
  const loop = new CameraEventLoop(
    deps,
    { id: camera.id, access, active: options.active ?? [], sourcesMax: SOURCES_MAX },
    times,
  );
  loop.start();
  t.teardown(() => loop.stop());
  return {
    loop,
    journal,
    counts,
    active: () => active,
    told: async () => (await readAll(journal)).map(({ raw }) => JSON.parse(raw.toString()) as Told),
    count: async (of, label) => {
      const { values } = await counts[of].get();
      return values.find(({ labels }) => Object.values(labels)[0] === label)?.value ?? 0;
    },
  };
}

async function openOwnJournal(t: Owner): Promise<Journal> {
  const journal = await openJournal({ directory: await temporaryDirectory(t) });
  t.teardown(() => journal.close());
  return journal;
}
