import { connect } from 'node:net';
import { systemClock } from '../../../../src/core/clock.ts';
import { createObserver, KnownSecrets } from '../../../../src/core/observe.ts';
import type { Part } from '../../../../src/streams/fmp4/parser.ts';
import type { Leases } from '../../../../src/streams/pool/leases.ts';
import { Pool } from '../../../../src/streams/pool/pool.ts';
import { PULL_TIMES } from '../../../../src/streams/pool/pull-machine.ts';
import { USUAL_PLAN } from '../../../../src/streams/pool/stream-plans.ts';
import { StreamFailure } from '../../../../src/streams/pool/types.ts';
import type { ManualClock } from '../../time/clock.ts';

const MOVIE = { trackId: 1, timescale: 1000, codec: 'avc1.4d401f', width: 1, height: 1 };
export const INIT: Part = {
  type: 'init',
  init: { data: Buffer.from('init'), movie: { ...MOVIE, sampleDuration: 0, sampleFlags: 0, sound: null } },
};
export const FRAGMENT: Part = {
  type: 'fragment',
  fragment: { data: Buffer.from('video'), decodeTimeMs: 0, durationMs: 500, key: true },
};

/** Room for everything, on a machine with nothing else to do. */
export const ROOMY = {
  capacity: { pullsMax: 445, megabitsMax: 10_000 },
  processorS: () => 0,
  planOf: () => USUAL_PLAN,
  hasSmall: async () => true,
};

/** Cameras that send a fragment every half second to whoever pulls them, and count who does. */
export class FakeCameras {
  /** Gateways that pull a camera at this moment; the name of one that pulls it in both qualities stands there twice. */
  readonly pulledBy = new Map<string, string[]>();
  /** Cameras that cannot be reached. */
  readonly broken = new Set<string>();
  readonly #hungUp = new Map<string, AbortController>();
  /** Most gateways that ever pulled one camera at the same time. */
  togetherMax = 0;

  /** Ends the connections to a camera from its side. */
  hangUp(deviceId: string): void {
    this.#hungUp.get(deviceId)?.abort(new StreamFailure('closed'));
    this.#hungUp.delete(deviceId);
  }

  /** A pool of the gateway `node`. Its time stands still while `clock` does, as that of a process that was stopped. */
  pool(clock: ManualClock, leases: Leases, node: string): Pool {
    const observer = createObserver({ level: 'silent', secrets: new KnownSecrets() });
    return new Pool({
      ...ROOMY,
      clock,
      observer,
      leases,
      times: PULL_TIMES,
      random: () => 1,
      run: async ({ deviceId }, { begun, part: onPart }, unwanted) => {
        begun();
        if (this.broken.has(deviceId)) return new StreamFailure('unreachable');
        const camera = this.#hungUp.get(deviceId) ?? new AbortController();
        this.#hungUp.set(deviceId, camera);
        const signal = AbortSignal.any([unwanted, camera.signal]);
        const pulling = this.pulledBy.get(deviceId) ?? [];
        this.pulledBy.set(deviceId, pulling);
        pulling.push(node);
        this.togetherMax = Math.max(this.togetherMax, new Set(pulling).size);
        onPart(INIT);
        while (!signal.aborted) {
          onPart(FRAGMENT);
          await clock.sleep(500, signal);
        }
        pulling.splice(pulling.indexOf(node), 1);
        return signal.reason instanceof StreamFailure ? signal.reason : new StreamFailure('stopped');
      },
    });
  }
}

/** A pool on the real clock whose pulls are plain connections to a local port. */
export function tcpPool(leases: Leases, port: number): Pool {
  return new Pool({
    ...ROOMY,
    clock: systemClock,
    observer: createObserver({ level: 'silent', secrets: new KnownSecrets() }),
    leases,
    times: { ...PULL_TIMES, backoffMaxMs: 500, leaseMaxMs: 500 },
    run: (_target, { part: onPart }, signal) =>
      new Promise((resolve) => {
        const socket = connect({ host: '127.0.0.1', port, signal });
        socket.on('error', () => {});
        socket.once('connect', () => onPart(INIT));
        socket.on('data', () => onPart(FRAGMENT));
        socket.once('close', () => {
          resolve(signal.reason instanceof StreamFailure ? signal.reason : new StreamFailure('closed'));
        });
      }),
  });
}
