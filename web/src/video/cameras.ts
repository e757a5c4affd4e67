import { computed, effect, signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { ApiError, get } from '../api.ts';
import { kinds } from '../overview.ts';
import { noticeEnd, whoIs } from '../session.ts';
import { pause, retryPause } from '../ticker.ts';
import type { Page, WallCamera } from '../types.ts';

/** A city that is just being set up gets its cameras while we look. */
const LOOK_AGAIN_MS = 5_000;
/** Cameras whose names are asked for at the same time. */
const AT_ONCE = 4;

/** What is known of cameras, by id; null: not there, or not this person's to see. */
const known = signal<ReadonlyMap<string, WallCamera | null>>(new Map());
/** Numbers of the cases that cameras are looked at for, where they are shown for an incident only. */
export const caseNumbers = signal<ReadonlyMap<string, string>>(new Map());

// What one person may see, and what for, is nothing for the next one at this desk.
effect(() => {
  void whoIs.value;
  known.value = new Map();
  caseNumbers.value = new Map();
});

/** Kinds of devices that have video. */
export const videoKinds = computed(() => {
  const found = [...kinds.value.values()].flatMap(({ kind, stream }) => (stream ? [kind] : []));
  return found.length > 0 ? found : ['camera'];
});

/** What is known of a camera; undefined until it is. */
export function knownCamera(id: string): WallCamera | null | undefined {
  return known.value.get(id);
}

/** Takes note of cameras that some list told. */
export function know(cameras: readonly WallCamera[]): void {
  if (cameras.length > 0) known.value = new Map([...known.value, ...cameras.map((one) => [one.id, one] as const)]);
}

export function nameCase(camera: string, named: string): void {
  caseNumbers.value = new Map([...caseNumbers.value, [camera, named]]);
}

/** Asks for those of some cameras that are not known. */
export function useKnown(ids: readonly string[]): void {
  const missing = ids.filter((id) => !known.value.has(id)).join(' ');
  useEffect(() => {
    if (missing === '') return;
    const stop = new AbortController();
    const waiting = missing.split(' ');
    const reader = async () => {
      for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) await learn(id, stop.signal);
    };
    for (let n = 0; n < AT_ONCE; n += 1) void reader();
    return () => stop.abort();
  }, [missing]);
}

async function learn(id: string, signal: AbortSignal): Promise<void> {
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    try {
      know([await get<WallCamera>(`/devices/${encodeURIComponent(id)}`, signal)]);
      return;
    } catch (error) {
      if (signal.aborted) return;
      noticeEnd(error);
      if (error instanceof ApiError && (error.status === 404 || error.status === 403)) {
        known.value = new Map([...known.value, [id, null]]);
        return;
      }
      await retryPause(attempt, LOOK_AGAIN_MS, signal).catch(() => undefined);
    }
  }
}

/** The first cameras that the registry has, as many as fit; null until they are known, or where nobody asks. */
export function useFirst(count: number, asks: boolean): { ids: readonly string[] | null; failed: boolean } {
  const [ids, setIds] = useState<readonly string[] | null>(null);
  const [failed, setFailed] = useState(false);
  const kind = videoKinds.value[0]!;
  useEffect(() => {
    if (!asks) return;
    const stop = new AbortController();
    const read = async () => {
      for (let attempt = 0; !stop.signal.aborted; attempt += 1) {
        try {
          const { items } = await get<Page<WallCamera>>(`/devices?kind=${kind}&limit=${count}`, stop.signal);
          know(items);
          setIds(items.map(({ id }) => id));
          setFailed(false);
          if (items.length > 0) return;
          await pause(LOOK_AGAIN_MS, stop.signal);
        } catch (error) {
          if (stop.signal.aborted) return;
          noticeEnd(error);
          setFailed(true);
          if (error instanceof ApiError && error.status === 403) return;
          await retryPause(attempt, LOOK_AGAIN_MS, stop.signal).catch(() => undefined);
        }
      }
    };
    void read();
    return () => stop.abort();
  }, [count, asks, kind]);
  return { ids, failed };
}
