import { readFile } from 'node:fs/promises';
import { CitywatchError } from '../../core/errors.ts';
import type { KeysInput } from '../../platform/secrets/cluster-keys.ts';
import type { Config } from './config.ts';

const VAULT_KEY_BYTES = 32;
const SETTING = 'CITYWATCH_VAULT_KEY_FILE';

/** The key from the file the operator keeps elsewhere (32 bytes as base64); null for one beside the data. */
export async function vaultKey(config: Config): Promise<KeysInput['vaultKey']> {
  const path = config.vault.keyFile;
  if (path === null) return null;
  const key = Buffer.from((await readFile(path, 'utf8')).trim(), 'base64');
  if (key.length === VAULT_KEY_BYTES) return { key, setting: SETTING };
  const message = 'must hold 32 random bytes as base64; make one with: openssl rand -base64 32';
  throw new CitywatchError('config.invalid', { issues: [{ path: SETTING, message }] });
}
