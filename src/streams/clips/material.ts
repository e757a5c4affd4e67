import { type Clock, deadline } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { Observer } from '../../core/observe.ts';
import type { EdgeOutcome, EdgeSource } from '../edge/edge-source.ts';
import type { GapTable } from '../recordings/gap-table.ts';
import type { Recordings } from '../recordings/recordings.ts';
import type { Caught } from './captures.ts';
import type { ClipAsked, ClipHole } from './clip.ts';
import { EdgeMoments } from './edge-moments.ts';
import { type Moment, momentsWithin, ofOneFormat, uncovered } from './moments.ts';
import { type FragmentReader, recordedMoments } from './recorded-moments.ts';

export interface ClipMaterialDeps {
  clock: Clock;
  observer: Observer;
  recordings: Pick<Recordings, 'within'>;
  gaps: Pick<GapTable, 'within'>;
  /** Who reads a disk of recordings; null where it is none of ours. */
  readerOf(disk: string): FragmentReader | null;
  /** What cameras keep themselves. */
  edge: Pick<EdgeSource, 'playBack'>;
}

type Span = Pick<ClipAsked, 'device' | 'quality' | 'fromMs' | 'toMs'>;

/** Fragments for one file, and what could not go into it. */
export interface Chosen {
  moments: Moment[];
  otherFormat: Moment[];
  tooMany: Moment[];
}

const FILES_MAX = 64;
const GAPS_MAX = 100;
const CLIP_BYTES_MAX = 96 * 1024 * 1024;
/** Holes shorter than this are not told: a camera that sends ten pictures a second leaves one at each end. */
const HOLE_MIN_MS = 500;
/** A camera is not asked for less. */
const ASKED_MIN_MS = 2_000;
/** Whoever looks after clips waits for it. */
const ASKED_WITHIN_MS = 45_000;

/** Whether nothing of a time is missing. */
export function isCovered({ moments }: Chosen, span: Span): boolean {
  return uncovered(moments, span, HOLE_MIN_MS).length === 0;
}

/** What clips are made of: memory, recordings, and where neither has it the camera's own storage. */
export class ClipMaterial {
  readonly #deps: ClipMaterialDeps;

  constructor(deps: ClipMaterialDeps) {
    this.#deps = deps;
  }

  /** The fragments of a clip, of what is held and, where that is not enough, of recordings. */
  async choose(clip: Span, held: readonly Moment[]): Promise<Chosen> {
    const { fromMs, toMs } = clip;
    let all = momentsWithin(held, fromMs, toMs);
    if (uncovered(all, clip, HOLE_MIN_MS).length > 0) {
      all = momentsWithin([...(await this.#recorded(clip)), ...held], fromMs, toMs);
    }
    const fit = ofOneFormat(all);
    let bytes = 0;
    const moments = fit.filter((moment) => {
      bytes += moment.bytes;
      return bytes <= CLIP_BYTES_MAX;
    });
    return { moments, otherFormat: all.filter((moment) => !fit.includes(moment)), tooMany: fit.slice(moments.length) };
  }

  /** What the camera itself has of the time that is missing; null where that is too little to ask for. */
  async fromCamera(clip: Span, { moments }: Chosen): Promise<{ moments: Moment[]; outcome: EdgeOutcome } | null> {
    const missing = uncovered(moments, clip, HOLE_MIN_MS);
    const ms = missing.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
    if (ms < ASKED_MIN_MS) return null;
    const { clock, edge } = this.#deps;
    const full = new AbortController();
    const limit = deadline(clock, ASKED_WITHIN_MS, full.signal);
    const taker = new EdgeMoments(CLIP_BYTES_MAX, () => full.abort());
    const asked = { ...clip, fromMs: missing[0]!.fromMs, toMs: missing.at(-1)!.toMs };
    const outcome = await edge.playBack(asked, taker, limit.signal);
    limit.cancel();
    return { moments: taker.moments, outcome };
  }

  /** What is missing, each with the first cause that is known of it. */
  async holesOf(
    clip: Span,
    { moments, reasons }: Caught,
    { edge, ...chosen }: Chosen & { edge: EdgeOutcome | null },
  ): Promise<ClipHole[]> {
    const gaps = await this.#deps.gaps.within(clip, GAPS_MAX);
    const known: ClipHole[] = [
      ...chosen.tooMany.map((one) => because(one, 'too-large')),
      ...chosen.otherFormat.map((one) => because(one, 'format')),
      ...gaps.map(({ fromMs, toMs, cause, detail }) => ({ fromMs, toMs: toMs ?? clip.toMs, cause, detail })),
      ...reasons,
    ];
    const firstMs = moments[0]?.startsAtMs ?? clip.toMs;
    const older: ClipHole = {
      fromMs: clip.fromMs,
      toMs: firstMs,
      cause: moments.length > 0 ? 'memory' : 'not-pulled',
      detail: moments.length > 0 ? 'older than what live video holds, and not recorded' : 'not recorded and not pulled',
    };
    const last: ClipHole = { ...clip, cause: 'camera', detail: null };
    return uncovered(chosen.moments, clip, HOLE_MIN_MS).map(({ fromMs, toMs }) => {
      const { cause, detail } = [...known, older, last].find((one) => one.fromMs < toMs && one.toMs > fromMs)!;
      return { fromMs: Math.round(fromMs), toMs: Math.round(toMs), cause, detail: withAnswer(detail, edge) };
    });
  }

  async #recorded(clip: Span): Promise<Moment[]> {
    const { recordings, readerOf, observer } = this.#deps;
    const moments: Moment[] = [];
    for (const file of await recordings.within(clip, FILES_MAX)) {
      try {
        const reader = readerOf(file.disk);
        if (reader !== null) moments.push(...((await recordedMoments(reader, file)) ?? []));
      } catch (error) {
        const { startsAtMs } = file;
        observer.log.warn({ part: 'clips', startsAtMs, error: messageOf(error) }, 'a recording cannot be read');
      }
    }
    return moments;
  }
}

/** A camera that keeps nothing itself is the usual one, and no more is said of it. */
function withAnswer(detail: string | null, edge: EdgeOutcome | null): string | null {
  const answers = {
    whole: 'the camera itself has nothing of it',
    nothing: 'the camera itself has nothing of it',
    failed: 'the camera could not be asked for what it keeps itself',
    busy: 'the camera could not be asked for what it keeps itself',
    'no-storage': null,
  };
  const answer = edge === null ? null : answers[edge.how];
  return [detail, answer].filter((part) => part !== null).join('; ') || null;
}

function because({ startsAtMs, durationMs }: Moment, cause: ClipHole['cause']): ClipHole {
  return { fromMs: startsAtMs, toMs: startsAtMs + durationMs, cause, detail: null };
}
