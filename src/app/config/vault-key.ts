import { readFile } from 'node:fs/promises';
import { CitywatchError } from '../../core/errors.ts';
import type { Config } from './config.ts';

const VAULT_KEY_BYTES = 32;

/** The key from the file the operator keeps elsewhere (32 bytes as base64), or our own beside the data. */
export async function vaultKey(config: Config, own: (name: string) => Promise<Buffer>): Promise<Buffer> {
  const path = config.vault.keyFile;
  if (path === null) return await own('vault');
  const key = Buffer.from((await readFile(path, 'utf8')).trim(), 'base64');
  if (key.length === VAULT_KEY_BYTES) return key;
  const message = 'must hold 32 random bytes as base64; make one with: openssl rand -base64 32';
  throw new CitywatchError('config.invalid', { issues: [{ path: 'CITYWATCH_VAULT_KEY_FILE', message }] });
}
