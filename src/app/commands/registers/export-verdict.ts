import { readFile } from 'node:fs/promises';
import { PublicKeys } from '../../../platform/records/signing.ts';
import type { Manifest } from '../../../streams/exports/manifest.ts';
import { verifyExport } from '../../../streams/exports/verify-export.ts';
import { type Arguments, EXIT, type Terminal, UsageError } from '../command.ts';

/** Says of an export of recordings whether it is what was signed. */
export async function verifyExportAt(
  words: readonly string[],
  options: Arguments['options'],
  terminal: Terminal,
): Promise<number> {
  const [path, ...rest] = words;
  if (path === undefined || rest.length > 0) throw new UsageError('verify takes one export: an archive or its folder');
  if (options.head !== undefined) throw new UsageError('--head is for the registers, not for an export');
  if (typeof options.key !== 'string') {
    throw new UsageError('--key must name the file with the public key (GET /api/v1/recording-exports/key)');
  }
  const keys = PublicKeys.parse(pemIn(await textOf(options.key)));
  if (!keys) throw new UsageError(`--key: ${options.key} holds no public key (Ed25519, PEM)`);
  const { faults, manifest, whole } = await verifyExport(path, keys).catch((error: Error) => {
    throw new UsageError(`${path} cannot be read: ${error.message}`);
  });
  for (const fault of faults) terminal.print(`Broken: ${fault}.`);
  if (manifest) {
    const { files, holes, purpose } = manifest;
    terminal.print(`${whatOf(manifest)} for "${purpose}", signed by the key ${manifest.key}.`);
    const were = manifest.citywatch === 'alert-bundle' ? 'put in' : 'recorded';
    terminal.print(`${whole} of ${files.length} files are as they were ${were}; ${holes.length} holes are listed.`);
  }
  terminal.print(faults.length === 0 ? 'The export holds.' : 'The export does not hold.');
  return faults.length === 0 ? EXIT.done : EXIT.failed;
}

function whatOf(manifest: Manifest): string {
  if (manifest.citywatch === 'alert-bundle') {
    const { id, plates } = manifest.alert;
    return `Alert ${id} as it was on ${manifest.madeAt}, with plates ${plates},`;
  }
  const { cameras, from, to } = manifest;
  return `Recordings of ${cameras.map(({ id }) => id).join(', ')} from ${from} to ${to}`;
}

/** The key also as the API answers it, a field of JSON. */
function pemIn(text: string): string {
  try {
    const { pem } = JSON.parse(text) as { pem?: unknown };
    return typeof pem === 'string' ? pem : '';
  } catch {
    return text;
  }
}

async function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: Error) => {
    throw new UsageError(`--key: ${error.message}`);
  });
}
