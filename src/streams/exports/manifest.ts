import { createHash } from 'node:crypto';
import { z } from 'zod';
import { toRfc3339 } from '../../core/clock.ts';
import type { ExportFile, RecordingExport } from './export.ts';

/** Files of an export beside its recordings. */
export const MANIFEST = 'manifest.json';
export const MANIFEST_SIGNATURE = 'manifest.json.sig';
export const SUMS = 'SHA256SUMS';
export const SUMS_SIGNATURE = 'SHA256SUMS.sig';
/** For convenience: it proves nothing, because whoever changes files can change it, too. */
export const PUBLIC_KEY = 'public-key.pem';

const HASH = z.string().regex(/^[0-9a-f]{64}$/);
/** No way out of the folder, nothing a shell reads otherwise. */
const PATH = z.string().regex(/^[A-Za-z0-9][\w.-]{0,80}\/[A-Za-z0-9][\w.-]{0,80}$/);
const MOMENT = z.iso.datetime();
const WHO = z.object({ type: z.string(), id: z.string(), name: z.string() });

/** What every export says of itself. Another version may say more. */
const common = {
  v: z.literal(1),
  id: z.uuid(),
  madeAt: MOMENT,
  from: MOMENT,
  to: MOMENT,
  cameras: z.array(z.object({ id: z.string(), name: z.string(), jurisdiction: z.string() })),
  purpose: z.string(),
  case: z.string().nullable(),
  askedBy: WHO.extend({ at: MOMENT }),
  approvedBy: WHO.extend({ at: MOMENT }).nullable(),
  /** Of the key that signed it: 16 digits of the SHA-256 of its public half. */
  key: z.string().regex(/^[0-9a-f]{16}$/),
};

const file = {
  path: PATH,
  startsAt: MOMENT,
  endsAt: MOMENT,
  bytes: z.int().min(1),
  sha256: HASH,
  sm3: HASH,
  chain: HASH,
};

const hole = { from: MOMENT, to: MOMENT, cause: z.string(), detail: z.string().nullable() };

const recordingForm = z.object({
  citywatch: z.literal('recording-export'),
  ...common,
  quality: z.enum(['main', 'sub']),
  files: z.array(
    z.object({
      ...file,
      camera: z.string(),
      /** The same in files of one unbroken run of the stream. */
      continuity: z.string(),
      /** `edge`: fetched later from the camera's own storage, by its clock; earlier exports did not say. */
      source: z.enum(['gateway', 'edge']).default('gateway'),
    }),
  ),
  holes: z.array(z.object({ ...hole, camera: z.string() })),
});

const bundleForm = z.object({
  citywatch: z.literal('alert-bundle'),
  ...common,
  alert: z.object({ id: z.uuid(), jurisdiction: z.string(), plates: z.enum(['masked', 'whole']) }),
  files: z.array(
    z.object({
      ...file,
      /** Such as `alert`, `log`, `picture`. */
      what: z.string(),
      /** By which a picture or clip was taken. */
      camera: z.string().nullable(),
      /** How old a picture was when it was attached. */
      ageMs: z.number().nullable(),
      /** Where it comes from. */
      source: z.string(),
    }),
  ),
  /** What is not in it, or not whole. */
  holes: z.array(z.object({ ...hole, what: z.string(), camera: z.string().nullable() })),
});

/** Of recordings, and of what belongs to an alert. */
export const manifestForm = z.discriminatedUnion('citywatch', [recordingForm, bundleForm]);

export type RecordingManifest = z.output<typeof recordingForm>;
export type BundleManifest = z.output<typeof bundleForm>;
export type Manifest = z.output<typeof manifestForm>;
type Listed = Pick<Manifest['files'][number], 'path' | 'bytes' | 'sha256' | 'sm3' | 'chain'>;

/**
 * The chain over the files: SHA-256 of the link before and a line `PATH BYTES SHA-256 SM3` with LF, so that none can be
 * left out or moved. The first one goes on from the id of the export.
 */
export function chainOf(before: string, { path, bytes, sha256, sm3 }: Omit<Listed, 'chain'>): string {
  return createHash('sha256').update(`${before}\n${path} ${bytes} ${sha256} ${sm3}\n`).digest('hex');
}

/** Gives each file its link. */
export function chained<One extends Omit<Listed, 'chain'>>(
  id: string,
  files: readonly One[],
): (One & { chain: string })[] {
  let before = id;
  return files.map((file) => {
    before = chainOf(before, file);
    return { ...file, chain: before };
  });
}

/** What of an export of recordings is to be proven. */
export interface Proven {
  made: RecordingExport;
  /** Those that were copied. */
  files: readonly ExportFile[];
  holes: RecordingManifest['holes'];
  atMs: number;
}

/** Of the key with this id. */
export function recordingManifest({ made, files, holes, atMs }: Proven, key: string): RecordingManifest {
  return {
    citywatch: 'recording-export',
    ...commonOf(made, { atMs, key }),
    quality: made.quality,
    files: chained(
      made.id,
      files.map(({ path, device, startsAtMs, endsAtMs, bytes, sha256, sm3, continuity, source }) => ({
        path,
        camera: device,
        startsAt: toRfc3339(startsAtMs),
        endsAt: toRfc3339(endsAtMs),
        bytes,
        sha256,
        sm3: sm3!,
        continuity,
        source,
      })),
    ),
    holes,
  };
}

/** What every manifest says of its export. */
export function commonOf(made: RecordingExport, { atMs, key }: { atMs: number; key: string }) {
  const { atMs: approvedAtMs, ...approver } = made.approved ?? { atMs: 0, type: '', id: '', name: '' };
  return {
    v: 1 as const,
    id: made.id,
    madeAt: toRfc3339(atMs),
    from: toRfc3339(made.fromMs),
    to: toRfc3339(made.toMs),
    cameras: made.cameras,
    purpose: made.purpose,
    case: made.case,
    askedBy: { ...made.by, at: toRfc3339(made.askedAtMs) },
    approvedBy: made.approved && { ...approver, at: toRfc3339(approvedAtMs) },
    key,
  };
}

export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** For `sha256sum -c`: every file, and the manifest. */
export function sumsOf(files: readonly Listed[], manifest: string): string {
  const lines = files.map(({ path, sha256 }) => `${sha256}  ${path}\n`);
  const ofManifest = createHash('sha256').update(manifest).digest('hex');
  return `${lines.join('')}${ofManifest}  ${MANIFEST}\n`;
}
