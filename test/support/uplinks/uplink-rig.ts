import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:tls';
import type { Test } from 'tap';
import { systemClock } from '../../../src/core/clock.ts';
import { createObserver, KnownSecrets } from '../../../src/core/observe.ts';
import type { DeviceRates, KindRates } from '../../../src/ingest/uplinks/common/rate-budget.ts';
import type { Uplink, UplinkDeps, UplinkType } from '../../../src/ingest/uplinks/uplink.ts';
import type { TlsMaterial } from '../../../src/platform/secrets/certificates.ts';
import { FakeIntake, SECRET } from './mqtt.ts';
import { DEVICES, UPLINK_WORLDS, type UplinkWorld, type WorldDevice } from './uplink-worlds.ts';

/** How long something is held up where it is to be seen that it waits. */
export const HELD_ON_MS = 50;

/** An uplink with all that is around it. */
export interface Rig {
  uplink: Uplink;
  intake: FakeIntake;
  world: UplinkWorld;
  rates: Traffic;
  listening: (string | undefined)[];
  /** A device that is connected. */
  enter(id: (typeof DEVICES)[number]): Promise<WorldDevice>;
}

/** Rates that let nobody through while `isDense`. */
export class Traffic implements KindRates, DeviceRates {
  isDense = false;
  asked = 0;
  readonly #waiting = new Set<() => void>();

  take(): number {
    this.asked += 1;
    return this.isDense ? HELD_ON_MS : 0;
  }

  wait(_kind: string, enter: () => void): () => void {
    const turn = () => enter();
    this.#waiting.add(turn);
    return () => void this.#waiting.delete(turn);
  }

  devicePerS(): undefined {}

  thin(): void {
    this.isDense = false;
    for (const enter of this.#waiting) enter();
    this.#waiting.clear();
  }
}

export async function open(
  t: Test,
  type: UplinkType,
  tls: TlsMaterial | null = null,
): Promise<Rig & { deps: UplinkDeps }> {
  const start = UPLINK_WORLDS.get(type);
  if (!start)
    throw new Error(`there is no world for the uplink ${type.name}: add it to test/support/uplinks/uplink-worlds.ts`);
  const intake = new FakeIntake();
  const rates = new Traffic();
  const listening: (string | undefined)[] = [];
  const isKnown = (id: string): boolean => DEVICES.some((known) => known === id);
  const identityOf = (id: string) => ({ id, kind: 'recycling-kiosk', kindVersion: 1, jurisdiction: '330212' });
  const deps: UplinkDeps = {
    clock: systemClock,
    observer: createObserver({ level: 'silent', secrets: new KnownSecrets() }),
    devices: {
      authenticate: async (id, secret) => (isKnown(id) && secret === SECRET ? identityOf(id) : null),
      find: async (id) => (isKnown(id) ? identityOf(id) : undefined),
      identity: (id) => (isKnown(id) ? identityOf(id) : undefined),
    },
    intake: { accept: intake.accept, acceptBulk: intake.accept },
    rates,
    tls,
    mayRefuse: () => true,
    listening: (id) => void listening.push(id),
    connected: () => {},
    preview: () => null,
  };
  let uplink: Uplink | null = null;
  const world = await start(t, { uplink: () => uplink!, deps });
  uplink = type.open(world.settings, deps);
  if (uplink === null) throw new Error('the settings of its world do not ask for it');
  const opened = uplink;
  t.teardown(async () => {
    intake.mode = 'full';
    rates.thin();
    for (const { refuse } of intake.held) refuse();
    await opened.stop(AbortSignal.timeout(1_000));
  });
  return { uplink: opened, intake, world, rates, listening, enter: (id) => world.device(id), deps };
}

export async function begin(t: Test, type: UplinkType): Promise<Rig> {
  const rig = await open(t, type);
  await rig.uplink.start();
  return rig;
}

export function certificate(name: 'one' | 'two'): TlsMaterial {
  const read = (ending: string) => readFileSync(new URL(`../../fixtures/tls/${name}.${ending}`, import.meta.url));
  return { cert: read('crt'), key: read('key') };
}

/** Whose certificate is shown to who connects there now. */
export async function shownAt(url: string): Promise<string> {
  const { hostname: host, port } = new URL(url);
  const socket = connect({ host, port: Number(port), rejectUnauthorized: false });
  try {
    await once(socket, 'secureConnect');
    return String(socket.getPeerCertificate().subject.CN);
  } finally {
    socket.destroy();
  }
}
