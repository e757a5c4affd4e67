import { request } from '../api.ts';
import { lookPurpose } from '../session.ts';
import { nowMs } from '../ticker.ts';
import type { KeptPicture } from './kept-picture.ts';
import { caseQuery } from './source.ts';

/** The gateway makes so many at once for one person. */
const AT_ONCE = 2;
const ANSWER_MS = 10_000;

const waiting: (() => void)[] = [];
let running = 0;

/** Shows what was recorded of a camera last, where neither it nor anything before is seen by then. */
export async function showRecorded(
  kept: KeptPicture,
  video: HTMLVideoElement,
  { camera, named }: { camera: string; named: string },
  gone: AbortSignal,
): Promise<void> {
  const isWanted = () =>
    !gone.aborted && kept.takenMs.value === null && video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA;
  await turn();
  try {
    if (!isWanted()) return;
    const query = `at=${new Date(nowMs.value).toISOString()}&width=640&purpose=${lookPurpose.value}${caseQuery(named)}`;
    const path = `/streams/${encodeURIComponent(camera)}/recordings/thumbnail.jpg?${query}`;
    const answer = await request(path, { signal: AbortSignal.any([gone, AbortSignal.timeout(ANSWER_MS)]) });
    const takenMs = Date.parse(answer.headers.get('x-taken-at') ?? '');
    const still = await answer.blob();
    if (!Number.isNaN(takenMs) && isWanted()) await kept.show(still, takenMs);
  } catch {
    // Not everything is recorded; then there is no such picture.
  } finally {
    running -= 1;
    waiting.shift()?.();
  }
}

async function turn(): Promise<void> {
  if (running >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  running += 1;
}
