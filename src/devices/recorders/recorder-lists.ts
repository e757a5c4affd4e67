import { createHash } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { BoundedMap } from '../../core/mechanisms/bounded.ts';
import type { CameraTarget } from '../onvif/inspect.ts';
import type { MediaList } from '../onvif/media.ts';

/** Recorders whose channels are introduced at about the same time; of more than these, lists are read again. */
const RECORDERS_MAX = 16;
/** The channels that are registered together are introduced within it; what a technician changes after it is seen. */
const KEPT_MS = 10_000;

/** What recorders have just told of their profiles: some 400 kB of one, which all its channels would ask for. */
export class RecorderLists {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #lists = new BoundedMap<string, { untilMs: number; list: Promise<MediaList> }>(RECORDERS_MAX);

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
  }

  /** The list of the recorder as it was read by the same login, or as `read` reads it. What failed is not kept. */
  of(recorder: CameraTarget, read: () => Promise<MediaList>): Promise<MediaList> {
    const key = keyOf(recorder);
    const kept = this.#lists.get(key);
    if (kept && this.#clock.monotonicMs() < kept.untilMs) return kept.list;
    const list = read();
    this.#lists.set(key, { untilMs: this.#clock.monotonicMs() + KEPT_MS, list });
    list.catch(() => {
      if (this.#lists.get(key)?.list === list) this.#lists.delete(key);
    });
    return list;
  }
}

/** No password is kept as a key. */
function keyOf({ xaddr, username, password, fingerprint }: CameraTarget): string {
  const told = JSON.stringify([xaddr, username, password, fingerprint ?? null]);
  return createHash('sha256').update(told).digest('hex');
}
