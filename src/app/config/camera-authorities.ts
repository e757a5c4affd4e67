import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { CitywatchError, messageOf } from '../../core/errors.ts';

const SETTING = 'CITYWATCH_CAMERA_CA_FILE';
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/**
 * The certificates that cameras are trusted by over https, in place of those that the machine trusts; nothing where
 * none are named. Errors: `config.invalid` for a file that cannot be read or holds no certificate.
 */
export async function cameraAuthorities(path: string | null): Promise<{ cameras?: string }> {
  if (path === null) return {};
  try {
    const pem = await readFile(path, 'utf8');
    const found = pem.match(CERTIFICATE) ?? [];
    if (found.length === 0) throw new Error('it holds no certificate (PEM)');
    for (const one of found) new X509Certificate(one);
    return { cameras: found.join('\n') };
  } catch (error) {
    throw new CitywatchError('config.invalid', {
      issues: [{ path: SETTING, message: `${path} cannot be used: ${messageOf(error)}` }],
    });
  }
}
