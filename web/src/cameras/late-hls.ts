import type { HlsLook, Source, SourceEvents } from './source.ts';

/** Live video as HLS, whose program is read when it is wanted: pictures come another way as a rule. */
export class LateHls implements Source {
  #source: Source | null = null;
  #closed = false;

  constructor(video: HTMLVideoElement, look: HlsLook, events: SourceEvents) {
    import('./hls-source.ts').then(
      ({ HlsSource, playsHls }) => {
        if (this.#closed) return;
        if (playsHls()) this.#source = new HlsSource(video, look, events);
        else events.failed('nopicture', false);
      },
      () => {
        if (!this.#closed) events.failed('nopicture', true);
      },
    );
  }

  stalled(): void {
    this.#source?.stalled();
  }

  close(): void {
    this.#closed = true;
    this.#source?.close();
  }
}
