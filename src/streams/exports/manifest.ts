import { createHash } from 'node:crypto';
import { z } from 'zod';

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

/** What an export says of itself. Another version may say more. */
export const manifestForm = z.object({
  citywatch: z.literal('recording-export'),
  v: z.literal(1),
  id: z.uuid(),
  madeAt: MOMENT,
  from: MOMENT,
  to: MOMENT,
  quality: z.enum(['main', 'sub']),
  cameras: z.array(z.object({ id: z.string(), name: z.string(), jurisdiction: z.string() })),
  purpose: z.string(),
  case: z.string().nullable(),
  askedBy: WHO.extend({ at: MOMENT }),
  approvedBy: WHO.extend({ at: MOMENT }).nullable(),
  files: z.array(
    z.object({
      path: PATH,
      camera: z.string(),
      startsAt: MOMENT,
      endsAt: MOMENT,
      bytes: z.int().min(1),
      sha256: HASH,
      sm3: HASH,
      /** The same in files of one unbroken run of the stream. */
      continuity: z.string(),
      /** `edge`: fetched later from the camera's own storage, by its clock; earlier exports did not say. */
      source: z.enum(['gateway', 'edge']).default('gateway'),
      chain: HASH,
    }),
  ),
  holes: z.array(
    z.object({
      camera: z.string(),
      from: MOMENT,
      to: MOMENT,
      cause: z.string(),
      detail: z.string().nullable(),
    }),
  ),
  /** Of the key that signed it: 16 digits of the SHA-256 of its public half. */
  key: z.string().regex(/^[0-9a-f]{16}$/),
});

export type Manifest = z.output<typeof manifestForm>;
type Listed = Manifest['files'][number];

/**
 * The chain over the files: SHA-256 of the link before and a line `PATH BYTES SHA-256 SM3` with LF, so that none can be
 * left out or moved. The first one goes on from the id of the export.
 */
export function chainOf(before: string, { path, bytes, sha256, sm3 }: Omit<Listed, 'chain'>): string {
  return createHash('sha256').update(`${before}\n${path} ${bytes} ${sha256} ${sm3}\n`).digest('hex');
}

/** Gives each file its link. */
export function chained(id: string, files: readonly Omit<Listed, 'chain'>[]): Listed[] {
  let before = id;
  return files.map((file) => {
    before = chainOf(before, file);
    return { ...file, chain: before };
  });
}

export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** For `sha256sum -c`: every recording, and the manifest. */
export function sumsOf(files: readonly Listed[], manifest: string): string {
  const lines = files.map(({ path, sha256 }) => `${sha256}  ${path}\n`);
  const ofManifest = createHash('sha256').update(manifest).digest('hex');
  return `${lines.join('')}${ofManifest}  ${MANIFEST}\n`;
}
