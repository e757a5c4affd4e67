import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { verify } from '../../../../src/app/commands/registers/verify.ts';
import { KnownSecrets } from '../../../../src/core/observe.ts';
import type { Caller } from '../../../../src/core/types.ts';
import type { RecordingExport } from '../../../../src/streams/exports/export.ts';
import { type Owner, temporaryDirectory } from '../../services/services.ts';
import type { BundleWorld } from './bundle-world.ts';

export const WHY = { purpose: 'investigation', case: 'A-7' };
export const WHOLE = { plates: 'whole' as const, ...WHY };
export const MASKED_ONES = { plates: 'masked' as const, ...WHY };

/** A bundle's archive as `caller` fetches it, and the folder that the system's `tar` unpacks it into. */
export async function takenBundle(t: Owner, { world, made, caller }: TakenBundle) {
  const { id, purpose, bundle } = made;
  const register = await world.alerts.taking(caller, { id, purpose, case: made.case, bundle: bundle! });
  const { name, tar } = await world.exports.archive(id, register);
  const place = await temporaryDirectory(t);
  const [archive, key] = [join(place, name), join(place, 'gateway.pem')];
  const chunks: Buffer[] = [];
  for await (const chunk of tar.read(0, tar.bytes - 1)) chunks.push(Buffer.from(chunk));
  writeFileSync(archive, Buffer.concat(chunks));
  writeFileSync(key, world.exports.publicKey.pem);
  execFileSync('tar', ['--warning=no-timestamp', '-xf', archive, '-C', place]);
  const folder = join(place, `export-${id}`);
  const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
  return { archive, folder, key, manifest, bytes: Buffer.concat(chunks) };
}

interface TakenBundle {
  world: BundleWorld;
  made: RecordingExport;
  caller: Caller;
}

/** What a command of the system says in a folder; throws where it fails. */
export function run(folder: string, command: string, args: string[]): string {
  return execFileSync(command, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Whether `name` is what its signature beside it says, by `openssl`. */
export function openssl(folder: string, key: string, name: string): string {
  const args = `pkeyutl -verify -pubin -inkey ${key} -rawin -in ${name} -sigfile ${name}.sig`;
  return run(folder, 'openssl', args.split(' '));
}

/** What `citywatch verify` says of an archive or folder. */
export async function verified(path: string, key: string): Promise<{ status: number; lines: string[] }> {
  const lines: string[] = [];
  const terminal = { print: (line: string) => void lines.push(line), complain: () => {}, secrets: new KnownSecrets() };
  return { status: await verify.run({ words: [path], options: { key } }, terminal), lines };
}
