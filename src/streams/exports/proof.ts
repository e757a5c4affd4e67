import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { toRfc3339 } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { writeFileDurable } from '../../platform/files/files.ts';
import type { Signer } from '../../platform/records/signing.ts';
import type { ExportFile, RecordingExport } from './export.ts';
import {
  chained,
  MANIFEST,
  MANIFEST_SIGNATURE,
  type Manifest,
  manifestText,
  PUBLIC_KEY,
  SUMS,
  SUMS_SIGNATURE,
  sumsOf,
} from './manifest.ts';
import { Tar } from './tar.ts';

/** What is to be proven of an export. */
export interface Proven {
  made: RecordingExport;
  /** Those that were copied. */
  files: readonly ExportFile[];
  holes: Manifest['holes'];
  atMs: number;
}

/** Writes what proves an export beside its recordings, and resolves with the SHA-256 of the manifest. Durable. */
export async function writeProof(folder: string, signer: Signer, proven: Proven): Promise<string> {
  const manifest = manifestOf(proven, signer.keyId);
  const text = manifestText(manifest);
  const sums = sumsOf(manifest.files, text);
  const put = (name: string, data: string | Buffer) => writeFileDurable(join(folder, name), data, { mode: 0o600 });
  await put(MANIFEST, text);
  await put(MANIFEST_SIGNATURE, signer.sign(text));
  await put(SUMS, sums);
  await put(SUMS_SIGNATURE, signer.sign(sums));
  await put(PUBLIC_KEY, signer.publicPem);
  return createHash('sha256').update(text).digest('hex');
}

/** Everything of an export below one folder, what proves it first. Errors: `conflict.state` where it is gone. */
export async function archiveOf(made: RecordingExport, folder: string, files: readonly ExportFile[]): Promise<Tar> {
  const ours = [MANIFEST, MANIFEST_SIGNATURE, SUMS, SUMS_SIGNATURE, PUBLIC_KEY];
  const sizeOf = async (path: string) => ({ path, bytes: (await stat(join(folder, path)).catch(ifGone)).size });
  const sized = await Promise.all(ours.map(sizeOf));
  const entries = [...sized, ...files].map(({ path, bytes }) => ({
    name: `export-${made.id}/${path}`,
    bytes,
    path: join(folder, path),
  }));
  return new Tar(entries, made.askedAtMs);
}

/** After a restore: no backup has copies of exports. */
function ifGone(cause: NodeJS.ErrnoException): never {
  if (cause.code !== 'ENOENT') throw cause;
  throw new CitywatchError('conflict.state', { detail: 'Its copy is gone: ask for it again.', cause });
}

function manifestOf({ made, files, holes, atMs }: Proven, key: string): Manifest {
  const { atMs: approvedAtMs, ...approver } = made.approved ?? { atMs: 0, type: '', id: '', name: '' };
  return {
    citywatch: 'recording-export',
    v: 1,
    id: made.id,
    madeAt: toRfc3339(atMs),
    from: toRfc3339(made.fromMs),
    to: toRfc3339(made.toMs),
    quality: made.quality,
    cameras: made.cameras,
    purpose: made.purpose,
    case: made.case,
    askedBy: { ...made.by, at: toRfc3339(made.askedAtMs) },
    approvedBy: made.approved && { ...approver, at: toRfc3339(approvedAtMs) },
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
    key,
  };
}
