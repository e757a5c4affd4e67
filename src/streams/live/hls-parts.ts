import type { LiveWindow, Segment } from '../fmp4/live-window.ts';

/** Low-latency HLS (RFC 8216bis): fragments are told of as parts before their segment is complete. */

/** What a player that reads a playlist again waits for: this segment, or this part of it. */
export interface Reload {
  msn?: number | undefined;
  part?: number | undefined;
}

/** Target durations of parts that a player stays behind at least (§4.4.3.8). */
const HOLD_BACK_PARTS = 3;
/** Parts are told of the newest complete segments only (§4.4.4.9: within three target durations of the end). */
const SEGMENTS_WITH_PARTS = 2;
/** A player that asks for what comes later than this has lost its place (§6.2.5.2). */
const AHEAD_MAX = 2;
/** The next key frame is expected where the last ones were, give or take this. */
const EXPECTED_MS = 100;

const PART_NAME = /^([0-9a-f]{8,64})-(\d{1,12})-(\d{1,4})\.m4s$/;

/** The tags before the first segment. */
export function partHeader(targetMs: number): string[] {
  const holdBackS = ((HOLD_BACK_PARTS * targetMs) / 1000 + 0.05).toFixed(3);
  return [
    `#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=${holdBackS}`,
    `#EXT-X-PART-INF:PART-TARGET=${(targetMs / 1000).toFixed(3)}`,
  ];
}

/** Whether the parts of a segment are told of. */
export function hasParts({ sequence, still }: Segment, window: LiveWindow): boolean {
  return !still && sequence >= window.nextSequence - SEGMENTS_WITH_PARTS;
}

/** The parts of a segment. */
export function partLines(segment: Segment, suffix: string): string[] {
  return segment.fragments.map(({ durationMs, key }, index) => {
    const name = `${partName(segment.epoch.token, segment.sequence, index)}${suffix}`;
    const begins = key ? ',INDEPENDENT=YES' : '';
    return `#EXT-X-PART:DURATION=${(durationMs / 1000).toFixed(5)},URI="${name}"${begins}`;
  });
}

/** The part that comes next, which a player may ask for before it is there. */
export function hintLine(window: LiveWindow, suffix: string): string | null {
  const { growing, nextSequence } = window;
  const newest = growing ?? window.announced().at(-1);
  if (!newest) return null;
  const { token } = newest.epoch;
  const ends = !growing || growing.durationMs + EXPECTED_MS >= usualMs(window);
  const name = ends
    ? partName(token, growing ? nextSequence + 1 : nextSequence, 0)
    : partName(token, nextSequence, growing.fragments.length);
  return `#EXT-X-PRELOAD-HINT:TYPE=PART,URI="${name}${suffix}"`;
}

/** The bytes of a part, `soon` for one that comes next, null for any other name. */
export function partBytes(window: LiveWindow, name: string): Buffer | 'soon' | null {
  const match = PART_NAME.exec(name);
  if (!match) return null;
  const [token, sequence, index] = [match[1]!, Number(match[2]), Number(match[3])];
  const { growing, nextSequence } = window;
  const grows = growing?.epoch.token === token && growing.sequence === sequence ? growing : null;
  const fragment = (grows ?? window.segment(token, sequence))?.fragments[index];
  if (fragment) return fragment.data;
  if (window.epoch(token) === null) return null;
  const next = grows
    ? index === growing!.fragments.length
    : index === 0 && sequence - nextSequence === (growing ? 1 : 0);
  return next ? 'soon' : null;
}

/** Whether a playlist has what a player waits for. */
export function isThere(window: LiveWindow, { msn, part }: Reload): boolean {
  if (msn === undefined || msn < window.nextSequence) return true;
  return part !== undefined && msn === window.nextSequence && (window.growing?.fragments.length ?? 0) > part;
}

/** Whether a player may wait for it. */
export function isAwaited(window: LiveWindow, { msn }: Reload): boolean {
  return msn === undefined || msn <= window.nextSequence + AHEAD_MAX;
}

/** How long the newest complete segment was: the next one is expected to be as long. */
function usualMs(window: LiveWindow): number {
  return window.announced().findLast(({ still }) => !still)?.durationMs ?? window.targetS * 1000;
}

function partName(token: string, sequence: number, index: number): string {
  return `${token}-${sequence}-${index}.m4s`;
}
