import type { Observer } from '../../core/observe.ts';
import type { DeviceId } from '../../core/types.ts';
import { noteOwnWork, type OwnNotes } from '../../platform/work/work.ts';
import type { DirectoryEntry } from '../registry/directory.ts';
import { CAMERA_SETUP_QUEUE } from './setup.ts';

export interface CameraChangesDeps extends OwnNotes {
  observer: Observer;
  /** Whether devices of this kind are cameras. */
  hasVideo(kind: string): boolean;
  /** The loops that ask cameras for their events. */
  events: { changed(id: DeviceId): void };
  ring(queue: string): void;
}

/** Brings a change of the registry to those who speak with cameras. */
export class CameraChanges {
  readonly #deps: CameraChangesDeps;

  constructor(deps: CameraChangesDeps) {
    this.#deps = deps;
  }

  /** A device was changed. A camera is asked anew who it is, unless it is retired. */
  changed({ identity: { id, kind }, state }: DirectoryEntry): void {
    const { observer, hasVideo, events, ring } = this.#deps;
    // Recorders have no video, and events of their channels: who follows them knows which they are.
    events.changed(id);
    if (!hasVideo(kind) || state === 'retired') return;
    noteOwnWork(this.#deps, [{ queue: CAMERA_SETUP_QUEUE, key: id }]).then(
      () => ring(CAMERA_SETUP_QUEUE),
      () => observer.log.warn({ part: 'camera-setup' }, 'a changed camera will be asked at the next start'),
    );
  }
}
