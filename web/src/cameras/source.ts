import type { PlayerState } from './player.ts';

/** The gateway holds the first playlist until there is enough to begin, at most 15 s. */
export const PLAYLIST_MS = 20_000;
export const PART_MS = 10_000;

/** Why there is no picture, by the status of the playlist. What is not listed is worth another try soon. */
export const STATES: Record<number, PlayerState> = { 403: 'forbidden', 404: 'nostream', 429: 'full', 503: 'full' };

export interface HlsLook {
  address: string;
  quality: 'main' | 'sub';
  /** One picture of a wall. */
  wall: boolean;
}

/** What a way to get live video tells the player. All but `given` and `trouble` end it, and the player closes it. */
export interface SourceEvents {
  /** The gateway was reached, and this is what it gives. */
  given(of: { quality: 'main' | 'sub' }): void;
  /** This browser cannot show the codec that comes. */
  foreign(codec: string): void;
  /** No picture for the moment, and why; it goes on by itself. Null: it does. */
  trouble(reason: string | null): void;
  /** This browser does not take the video in this way, though it should. */
  refused(): void;
  /** Walls are stills for now. */
  stillsOnly(): void;
  /** It has to begin anew. `cutOff`: the reason lies between here and the gateway, not at the camera. */
  failed(state: PlayerState, cutOff: boolean): void;
}

export interface Source {
  /** The picture has not moved for some seconds. */
  stalled(): void;
  /** Takes the stream away; the element turns black. */
  close(): void;
}

/** What people call a codec of RFC 6381. */
export function codecName(codecs: string | undefined): string {
  if (/^h(vc|ev)1/.test(codecs ?? '')) return 'H.265';
  return /^avc/.test(codecs ?? '') ? `H.264 (${codecs})` : (codecs ?? '');
}

/** What a question about pictures says of the case that they are for. */
export function caseQuery(named: string): string {
  return named === '' ? '' : `&case=${encodeURIComponent(named)}`;
}
