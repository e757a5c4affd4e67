import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CitywatchError } from '../../core/errors.ts';
import { writeFileDurable } from '../../platform/files/files.ts';
import type { Signer } from '../../platform/records/signing.ts';
import type { RecordingExport } from './export.ts';
import {
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

/** Writes what proves an export beside its files, and resolves with the SHA-256 of the manifest. Durable. */
export async function writeProof(folder: string, signer: Signer, manifest: Manifest): Promise<string> {
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
export async function archiveOf(
  made: Pick<RecordingExport, 'id' | 'askedAtMs'>,
  folder: string,
  files: readonly { path: string; bytes: number }[],
): Promise<Tar> {
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
