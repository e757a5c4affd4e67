import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { CitywatchError } from '../core/errors.ts';
import { writeFileDurable } from '../platform/files/files.ts';

const hash = z.string().regex(/^[0-9a-f]{64}$/);
/** Below the backup, with `/`, and never out of it. */
const path = z.string().regex(/^(?!\/)(?!.*(^|\/)\.\.(\/|$)).+$/);
const owner = z.enum(['private', 'own']);

const FORM = z.object({
  format: z.literal(1),
  id: z.uuid(),
  version: z.string(),
  takenAt: z.iso.datetime(),
  /** Whether the server was ours, so that its data is here, or one that a setting points to. */
  postgres: owner,
  influx: owner,
  /** Of the file of secrets that belongs to this backup. */
  secretsSha256: hash,
  directories: z.array(path),
  files: z.array(z.object({ path, bytes: z.int().nonnegative(), sha256: hash })),
});

/** What makes a directory a backup: it is written last, and names everything that must be there. */
export type Manifest = z.infer<typeof FORM>;
export type BackedUpFile = Manifest['files'][number];

const NAME = 'manifest.json';

/** Durable when it resolves. Everything it names must be durable before. */
export async function writeManifest(directory: string, manifest: Manifest): Promise<void> {
  await writeFileDurable(join(directory, NAME), `${JSON.stringify(manifest)}\n`, { mode: 0o600 });
}

/** Rejects with `backup.broken` where there is no whole backup. Looks at no file but the manifest. */
export async function readManifest(directory: string): Promise<Manifest> {
  const text = await readFile(join(directory, NAME), 'utf8').catch(() => null);
  if (text === null) {
    throw broken(`${directory} is no backup, or one that was cut short: it has no ${NAME}; use another one`);
  }
  try {
    return FORM.parse(JSON.parse(text));
  } catch (cause) {
    throw broken(`${join(directory, NAME)} cannot be read; use another backup`, cause);
  }
}

/** Reads every file of the backup. Rejects with `backup.broken`, naming the first that is not as it was written. */
export async function verifyFiles(directory: string, { files }: Manifest): Promise<void> {
  for (const file of files) {
    const place = join(directory, file.path);
    const found = await stat(place).catch(() => null);
    const isRight = found?.isFile() && found.size === file.bytes && (await sha256Of(place)) === file.sha256;
    if (!isRight) throw broken(`${place} is ${found ? 'not as it was written' : 'missing'}; use another backup`);
  }
}

async function sha256Of(file: string): Promise<string> {
  const sum = createHash('sha256');
  await pipeline(createReadStream(file), sum);
  return sum.digest('hex');
}

export function broken(what: string, cause?: unknown): CitywatchError {
  return new CitywatchError('backup.broken', { detail: `${what}.`, cause });
}
