import { systemClock } from '../../../src/core/clock.ts';
import type { Caller } from '../../../src/core/types.ts';
import { CameraDoors, type LoginDoors } from '../../../src/devices/logins/camera-doors.ts';
import { KeptLogins } from '../../../src/devices/logins/kept.ts';
import { LoginReveal } from '../../../src/devices/logins/reveal.ts';
import { LoginRotations, type RotationView } from '../../../src/devices/logins/rotations.ts';
import { RotationRun, type RotationRunDeps } from '../../../src/devices/logins/run.ts';
import { RegisteredSharing } from '../../../src/devices/logins/shared.ts';
import { TcpOutbound } from '../../../src/platform/outbound/tcp.ts';
import { tryLogin } from '../../../src/streams/looks/login.ts';
import { asFailure } from '../../../src/streams/pool/types.ts';
import { firstOwner } from '../services/ownership.ts';
import { type Owner, quietObserver } from '../services/services.ts';
import { CAMERA_NETWORK, onvifPorts } from '../streams/cameras.ts';
import { openRegistry } from './registry.ts';

/** Changes of logins on a registry of their own, which speak with cameras over real sockets. */
export async function openLogins(t: Owner & Parameters<typeof onvifPorts>[0]) {
  const parts = await openRegistry(t);
  const { database, vault, kinds, directory } = parts;
  const clock = systemClock;
  const doors = cameraDoors(t);
  const shared = new RegisteredSharing(vault);
  const others = new Set<string>();
  const rung: string[] = [];
  const rotations = new LoginRotations({
    database,
    clock,
    vault,
    shared,
    isOther: (id) => others.has(id),
    ring: (queue) => void rung.push(queue),
  });
  const deps: RotationRunDeps = {
    database,
    ownership: firstOwner(),
    clock,
    vault,
    kinds,
    directory,
    observer: quietObserver(),
    doors,
  };
  const kept = new KeptLogins(deps);
  const { connections } = parts;
  const isOpen = async (order: string): Promise<boolean> => order === 'W-2026-1';
  const reveal = new LoginReveal({ database, clock, connections, isOpen });
  return { ...parts, doors, rotations, others, rung, deps, kept, reveal };
}

export type OpenLogins = Awaited<ReturnType<typeof openLogins>>;

/** The doors of cameras, over real sockets. */
export function cameraDoors(t: Parameters<typeof onvifPorts>[0]): LoginDoors {
  const { reach: _reach, ...onvif } = onvifPorts(t);
  const tcp = new TcpOutbound({ clock: systemClock });
  const camera = { clock: systemClock, tcp, networks: [CAMERA_NETWORK], megabitsPerS: 60 };
  return new CameraDoors({
    onvif,
    video: (source, signal) =>
      tryLogin(camera, source, signal).then(
        () => null,
        (error: unknown) => {
          const { reason, message } = asFailure(error, 'nonsense');
          return { failed: reason, detail: message };
        },
      ),
  });
}

/** Leads a rotation to its end, as a process that nobody ends; resolves with how it ended. */
export async function lead({ deps, rotations }: OpenLogins, { id, device }: RotationView): Promise<RotationView> {
  const run = new RotationRun(deps);
  const signal = new AbortController().signal;
  while ((await run.turn(id, signal)).again !== null);
  return (await rotations.last(device))!;
}

/** Begins and leads one. */
export async function rotate(
  logins: OpenLogins,
  caller: Caller,
  device: string,
  account: 'own' | 'same' = 'same',
): Promise<RotationView> {
  return await lead(logins, await logins.rotations.begin(caller, device, account));
}

/** The process is gone. */
export class Killed extends Error {}

/**
 * The parts of a process that is killed at its `at`-th chance: before something is said to a camera, before its answer
 * is heard, before a step is kept, and before it is known that it was.
 */
export function killedAt(deps: RotationRunDeps, at: number): RotationRunDeps & { chances(): number } {
  let chance = 0;
  const mayDie = (): void => {
    chance += 1;
    if (chance === at) throw new Killed(`at chance ${at}`);
  };
  const around = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    mayDie();
    const result = await work();
    mayDie();
    return result;
  };
  const { doors, database, ownership } = deps;
  const dying: LoginDoors = {
    enter: (...given) => around(() => doors.enter(...given)),
    tell: (...given) => around(() => doors.tell(...given)),
    rtsp: (...given) => around(() => doors.rtsp(...given)),
    snapshot: (...given) => around(() => doors.snapshot(...given)),
  };
  return {
    ...deps,
    doors: dying,
    database: new Proxy(database, {
      get: (target, name) => {
        if (name === 'transaction') return (work: never) => around(() => target.transaction(work));
        const value = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    }),
    ownership: {
      hold: (tx, what) => ownership.hold(tx, what),
      transaction: (where, what, work) => ownership.transaction(where, what, work),
    },
    chances: () => chance,
  };
}

/** How often a camera is asked by so many processes, one after the other, each of which dies once it has asked. */
export async function triesOfDying(deps: RotationRunDeps, id: string, processes: number): Promise<number> {
  let tries = 0;
  const enter = async (...given: Parameters<LoginDoors['enter']>): Promise<never> => {
    tries += 1;
    await deps.doors.enter(...given);
    throw new Killed('as it had asked');
  };
  const more = () => Promise.reject(new Error('more than asked'));
  const doors = { enter, tell: more, rtsp: more, snapshot: more };
  for (let process = 1; process <= processes; process += 1) {
    const dying = new RotationRun({ ...deps, doors }).turn(id, new AbortController().signal);
    await dying.catch((error: unknown) => {
      if (!(error instanceof Killed)) throw error;
    });
  }
  return tries;
}
