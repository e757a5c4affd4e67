import { useEffect, useState } from 'preact/hooks';
import { get } from '../../api.ts';
import { noticeEnd } from '../../session.ts';
import { nowMs, pause } from '../../ticker.ts';
import type { RecordingTimeline } from '../../types.ts';
import type { Span } from './marks.ts';

/** What is being recorded grows. */
const AGAIN_MS = 20_000;
const QUALITIES = ['main', 'sub'] as const;

export interface Recorded {
  timeline: RecordingTimeline;
  /** Which of its two pictures was recorded. */
  quality: 'main' | 'sub';
}

/** What was recorded of some cameras in a span; those of which nothing could be read are missing. */
export function useTimelines(cameras: readonly string[], { fromMs, toMs }: Span): ReadonlyMap<string, Recorded> {
  const [known, setKnown] = useState<ReadonlyMap<string, Recorded>>(new Map());
  const key = cameras.join();
  const isOfNow = toMs > nowMs.value - AGAIN_MS;
  useEffect(() => {
    const stop = new AbortController();
    const read = async () => {
      do {
        await Promise.all(
          cameras.map(async (camera) => {
            const found = await timelineOf(camera, { fromMs, toMs }, stop.signal).catch(noticeEnd);
            if (found && !stop.signal.aborted) setKnown((before) => new Map([...before, [camera, found]]));
          }),
        );
        if (isOfNow) await pause(AGAIN_MS, stop.signal).catch(() => undefined);
      } while (isOfNow && !stop.signal.aborted);
    };
    void read();
    return () => stop.abort();
  }, [key, fromMs, toMs, isOfNow]);
  return known;
}

/** Of the full picture, or where nothing of it was recorded of the small one. */
async function timelineOf(camera: string, { fromMs, toMs }: Span, signal: AbortSignal): Promise<Recorded> {
  const [from, to] = [fromMs, toMs].map((ms) => new Date(ms).toISOString());
  let first: Recorded | null = null;
  for (const quality of QUALITIES) {
    const path = `/streams/${encodeURIComponent(camera)}/recordings?from=${from}&to=${to}&quality=${quality}`;
    const timeline = await get<RecordingTimeline>(path, signal);
    if (timeline.stretches.length > 0) return { timeline, quality };
    first ??= { timeline, quality };
  }
  return first!;
}
