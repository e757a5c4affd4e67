import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { promisify } from 'node:util';
import t from 'tap';
import { DAY_MS } from '../../../../src/core/clock.ts';
import { ROOT } from '../../../support/root.ts';

const run = promisify(execFile);

const page = await readFile(join(ROOT, 'docs/certificates.md'), 'utf8');
const blocks = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, text = '']) => text);
const [authority = '', gateway = ''] = blocks;

/** What a client says of the one that it reaches under `name`; null: it is trusted. */
async function reached(directory: string, pair: string, name: string): Promise<string | null> {
  const read = (file: string) => readFile(join(directory, file));
  const [cert, key, ca] = await Promise.all([`${pair}.crt`, `${pair}.key`, 'authority.crt'].map(read));
  const server = createServer({ cert: cert!, key: key! }, (socket) => socket.end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    return await new Promise((resolve) => {
      const asked = connect({
        host: '127.0.0.1',
        port,
        servername: /\d$/.test(name) ? '' : name,
        ca: ca!,
        checkServerIdentity: (_host, certificate) =>
          namesOf(certificate.subjectaltname).includes(name) ? undefined : new Error('another name'),
      });
      asked.on('secureConnect', () => resolve(null));
      asked.on('error', (error) => resolve(error.message));
      asked.on('close', () => asked.destroy());
    });
  } finally {
    server.close();
  }
}

function namesOf(written = ''): string[] {
  return written.split(', ').map((one) => one.replace(/^(DNS|IP Address):/, ''));
}

t.test('the commands of docs/certificates.md make a certificate that clients trust, and nothing more', async (t) => {
  const directory = t.testdir();
  const shell = (text: string) => run('sh', ['-ec', text], { cwd: directory });
  t.match((await shell(authority)).stdout, /Fingerprint=([0-9A-F]{2}:){31}[0-9A-F]{2}/);
  t.match((await shell(gateway)).stdout, 'gateway.crt: OK');
  for (const key of ['authority.key', 'gateway.key']) {
    t.equal((await stat(join(directory, key))).mode & 0o777, 0o600, key);
  }
  t.equal(await reached(directory, 'gateway', 'city.example'), null);
  t.equal(await reached(directory, 'gateway', '10.20.0.5'), null);
  const { stdout } = await shell('openssl x509 -in gateway.crt -noout -enddate -ext extendedKeyUsage,basicConstraints');
  t.match(stdout, /TLS Web Server Authentication/);
  const [, until = ''] = /notAfter=(.*)/.exec(stdout) ?? [];
  const days = (Date.parse(until) - Date.now()) / DAY_MS;
  t.ok(days > 390 && days < 398, `${days} days`);

  // For another name it cannot speak.
  const other = gateway.replaceAll('gateway', 'other').replaceAll('city.example', 'bank.example');
  await t.rejects(shell(other), { message: /permitted subtree violation/i });
  t.match(await reached(directory, 'other', 'bank.example'), /permitted subtree violation/i);
});
