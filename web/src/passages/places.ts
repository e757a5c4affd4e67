import { useEffect, useState } from 'preact/hooks';
import { get } from '../api.ts';
import { kinds } from '../overview.ts';
import { noticeEnd } from '../session.ts';
import type { Checkpoint, Kind, Page } from '../types.ts';

const PAGE_ROWS = 500;
/** More are not offered one by one: there is the area. */
const PLACES_MAX = 1_000;

/** Kinds that tell plates. */
export function readersOf(all: Iterable<Kind>): string[] {
  const isPlate = ({ fields }: Kind['events'][string]) =>
    Object.values(fields).some(({ sensitive }) => sensitive === 'plate');
  return [...all].filter(({ events }) => Object.values(events).some(isPlate)).map(({ kind }) => kind);
}

/** What reads plates, by name; null until it is known. A search needs it not: what cannot be read is not offered. */
export function usePlaces(): readonly Checkpoint[] | null {
  const [places, setPlaces] = useState<readonly Checkpoint[] | null>(null);
  const wanted = readersOf(kinds.value.values()).join(' ');
  useEffect(() => {
    if (wanted === '') return;
    const stop = new AbortController();
    Promise.all(wanted.split(' ').map((kind) => placesOf(kind, stop.signal))).then(
      (found) => setPlaces(found.flat().sort((a, b) => a.name.localeCompare(b.name, 'zh-CN'))),
      (error: unknown) => {
        if (stop.signal.aborted) return;
        noticeEnd(error);
        setPlaces([]);
      },
    );
    return () => stop.abort();
  }, [wanted]);
  return places;
}

async function placesOf(kind: string, signal: AbortSignal): Promise<Checkpoint[]> {
  const found: Checkpoint[] = [];
  let cursor: string | undefined;
  do {
    const query = new URLSearchParams({ kind, limit: String(PAGE_ROWS), ...(cursor !== undefined && { cursor }) });
    const { items, next } = await get<Page<Checkpoint>>(`/devices?${query}`, signal);
    found.push(...items);
    cursor = next;
  } while (cursor !== undefined && found.length < PLACES_MAX);
  return found;
}
