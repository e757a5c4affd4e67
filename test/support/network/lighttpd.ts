import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { type Judge, judge } from '../judges.ts';
import { until } from '../time/until.ts';
import { freePort } from './free-port.ts';

export interface Guarded {
  /** Where it listens. */
  host: string;
  /** `host:port` of the camera behind it. */
  camera: string;
  username: string;
  /** Letters and digits. */
  password: string;
  algorithm: 'MD5' | 'SHA-256';
  /** Speaks TLS by this pair. */
  pair?: { cert: string; key: string };
}

let program: Promise<Judge> | null = null;

const REALM = 'judged';
const HASHES = { MD5: 'md5', 'SHA-256': 'sha256' } as const;

/**
 * Debian's lighttpd before a camera: it wants HTTP digest for everything and passes on what it lets in. Resolves with
 * its origin.
 */
export async function startLighttpd(
  t: { teardown(run: () => unknown): void; testdir(): string },
  { host, camera, username, password, algorithm, pair }: Guarded,
): Promise<string> {
  program ??= judge('lighttpd');
  const { command, env } = await program;
  const directory = t.testdir();
  const file = (name: string, text: string): string => {
    writeFileSync(join(directory, name), text);
    return join(directory, name);
  };
  const sum = createHash(HASHES[algorithm]).update(`${username}:${REALM}:${password}`).digest('hex');
  const port = await freePort();
  const [to, toPort] = camera.split(':');
  const modules = ['mod_auth', 'mod_authn_file', 'mod_proxy', ...(pair ? ['mod_openssl'] : [])];
  const tls = pair ? [`ssl.engine = "enable"`, `ssl.pemfile = "${file('pair.pem', pair.cert + pair.key)}"`] : [];
  const how = `"method" => "digest", "algorithm" => "${algorithm}", "realm" => "${REALM}", "require" => "valid-user"`;
  const config = [
    `server.modules = (${modules.map((name) => `"${name}"`).join(', ')})`,
    `server.bind = "${host}"`,
    `server.port = ${port}`,
    `server.document-root = "${directory}"`,
    ...tls,
    'auth.backend = "htdigest"',
    `auth.backend.htdigest.userfile = "${file('users', `${username}:${REALM}:${sum}\n`)}"`,
    `auth.require = ("" => (${how}))`,
    `proxy.server = ("" => (("host" => "${to}", "port" => ${toPort})))`,
  ].join('\n');
  const beside = join(dirname(command), '../lib/lighttpd');
  const child = spawn(command, ['-D', '-m', beside, '-f', file('lighttpd.conf', config)], { env });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  t.teardown(async () => {
    if (child.exitCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  await until('lighttpd listens', async () => {
    if (child.exitCode !== null) throw new Error(`lighttpd ended: ${said}`);
    return await answers(host, port);
  });
  return `${pair ? 'https' : 'http'}://${host}:${port}`;
}

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
