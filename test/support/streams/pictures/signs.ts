import type { PullSigns } from '../../../../src/streams/pool/arrivals.ts';

/** A pull of one camera as picture health sees it, second by second. */
export class SignsOfPull {
  nowMs = 1_000_000;
  #signs: PullSigns = {
    deviceId: 'cam',
    quality: 'main',
    state: 'starting',
    failure: null,
    atMs: null,
    keyAtMs: null,
    bytes: 0,
    keyBytes: 0,
  };

  get signs(): PullSigns {
    return this.#signs;
  }

  /** A second passes; `signs` is what changed in it. */
  second(signs: Partial<PullSigns> = {}): PullSigns {
    this.nowMs += 1_000;
    this.#signs = { ...this.#signs, ...signs };
    return this.#signs;
  }

  /** A second in which `bytes` came, with a key frame of `keyBytes` where it is given. */
  sends(bytes: number, keyBytes?: number): PullSigns {
    this.nowMs += 1_000;
    const key = keyBytes === undefined ? {} : { keyAtMs: this.nowMs, keyBytes };
    const sent = { atMs: this.nowMs, bytes: this.#signs.bytes + bytes };
    this.#signs = { ...this.#signs, state: 'live', failure: null, ...sent, ...key };
    return this.#signs;
  }
}
