import { toRfc3339 } from '../../core/clock.ts';
import { invalid } from '../../core/errors.ts';
import type { DeviceId } from '../../core/types.ts';
import type { Gap, GapTable } from '../recordings/gap-table.ts';
import type { Recordings } from '../recordings/recordings.ts';
import type { ExportAsked, ExportFile } from './export.ts';
import type { RecordingManifest } from './manifest.ts';

/** A week of a camera is 10,080 minutes. */
const FILES_MAX = 12_000;
const GAPS_MAX = 5_000;
/** Holes of promise P5. */
const HOLE_MIN_MS = 2_000;
/** A file has its row when its minute, and half of another, is over. */
const ROW_WITHIN_MS = 110_000;
const TOO_RECENT = 'A recording has its file when its minute is over: ask for it later.';
/** A name that is safe on every machine, short enough for an archive, and none that the archive itself gives. */
const PLAIN = /^(?!camera-\d|manifest\.|sha256sums|public-key\.)[a-z0-9][\w.-]{0,40}$/i;

/** The recordings of an export, camera by camera, each with its place in it. Errors: `request.invalid`. */
export async function filesToCopy(
  recordings: Pick<Recordings, 'within'>,
  { cameras, quality, fromMs, toMs }: ExportAsked,
): Promise<ExportFile[]> {
  const files: ExportFile[] = [];
  const folders = foldersOf(cameras.map(({ id }) => id));
  for (const [index, { id: device }] of cameras.entries()) {
    const found = await recordings.within({ device, quality, fromMs, toMs }, FILES_MAX + 1 - files.length);
    const folder = folders[index]!;
    for (const { startsAtMs, endsAtMs, leaseEpoch, bytes, sha256, continuity, source } of found) {
      const at = toRfc3339(startsAtMs).replaceAll(/[-:]/g, '');
      files.push({
        number: files.length,
        path: `${folder}/${at}-${quality}-${leaseEpoch}.mp4`,
        device,
        quality,
        startsAtMs,
        endsAtMs,
        leaseEpoch,
        bytes,
        sha256,
        continuity,
        source,
        state: 'waiting',
        sm3: null,
      });
    }
    if (files.length > FILES_MAX) throw invalid('to', `is too late: an export has ${FILES_MAX} files at most`);
  }
  return files;
}

/** A folder for each camera, its id where that may be one: machines that take no heed of case have them apart, too. */
export function foldersOf(devices: readonly DeviceId[]): string[] {
  const isAlone = (id: DeviceId) => devices.filter((one) => one.toLowerCase() === id.toLowerCase()).length === 1;
  return devices.map((id, index) => (PLAIN.test(id) && isAlone(id) ? id : `camera-${index + 1}`));
}

interface Part {
  fromMs: number;
  toMs: number;
}

/** What of the time is not in an export, with the cause that is known of it, camera by camera. */
export async function exportHoles(
  gaps: Pick<GapTable, 'within'>,
  { cameras, quality, fromMs, toMs, askedAtMs }: ExportAsked & { askedAtMs: number },
  files: readonly ExportFile[],
): Promise<RecordingManifest['holes']> {
  const holes: RecordingManifest['holes'] = [];
  for (const { id: device } of cameras) {
    const known = await gaps.within({ device, quality, fromMs, toMs }, GAPS_MAX);
    const mine = files.filter((file) => file.device === device);
    const lost = mine.filter(({ state }) => state !== 'copied');
    const parts = [
      ...lost.map((file) => ({ fromMs: file.startsAtMs, toMs: file.endsAtMs, cause: file.state, detail: file.path })),
      ...partsWithout({ fromMs, toMs }, mine).map((part) => ({ ...part, ...causeOf(part, known, askedAtMs) })),
    ];
    parts.sort((one, other) => one.fromMs - other.fromMs);
    for (const part of parts) {
      const [from, to] = [part.fromMs, part.toMs].map(toRfc3339) as [string, string];
      holes.push({ camera: device, from, to, cause: part.cause, detail: part.detail });
    }
  }
  return holes;
}

/** Of a part that has no recording: the first hole that is known in it. */
function causeOf(part: Part, known: readonly Gap[], askedAtMs: number): { cause: string; detail: string | null } {
  const gap = known.find(({ fromMs, toMs }) => fromMs < part.toMs && (toMs ?? part.toMs) > part.fromMs);
  if (gap) return { cause: gap.cause, detail: gap.detail };
  const isRecent = part.toMs > askedAtMs - ROW_WITHIN_MS;
  return isRecent ? { cause: 'too-recent', detail: TOO_RECENT } : { cause: 'not-recorded', detail: null };
}

/** Parts of a span, of two seconds or more, that no file covers; files are in the order of their beginnings. */
function partsWithout(span: Part, files: readonly Pick<ExportFile, 'startsAtMs' | 'endsAtMs'>[]): Part[] {
  const parts: Part[] = [];
  let coveredToMs = span.fromMs;
  for (const { startsAtMs, endsAtMs } of [...files, { startsAtMs: span.toMs, endsAtMs: span.toMs }]) {
    if (startsAtMs - coveredToMs >= HOLE_MIN_MS) parts.push({ fromMs: coveredToMs, toMs: startsAtMs });
    coveredToMs = Math.max(coveredToMs, endsAtMs);
  }
  return parts;
}
