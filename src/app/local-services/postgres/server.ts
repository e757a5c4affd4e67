import { connect } from 'node:net';

/**
 * Settings of the private server as arguments. No setting that weakens durability: `fsync` and `synchronous_commit`
 * stay on. Statements and parameters stay out of its log, they hold personal data and hashes of secrets.
 */
export function postgresSettings(socketDirectory: string, sessionsMax = 100): string[] {
  const settings = {
    listen_addresses: '',
    unix_socket_directories: `"${socketDirectory.replaceAll('"', '""')}"`,
    unix_socket_permissions: '0700',
    port: '5432',
    max_connections: String(sessionsMax),
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_min_messages: 'warning',
    log_min_error_statement: 'panic',
    log_parameter_max_length_on_error: '0',
    logging_collector: 'off',
    // Each checkpoint has every page written whole once more. With 512 MB, 200 alerts a second had one each 40 s.
    max_wal_size: '2GB',
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/** Version 3.0 of the frontend/backend protocol. */
const PROTOCOL_VERSION = 196_608;

/**
 * Resolves when the server asks for a password, which it does only once it takes sessions; while it starts or recovers
 * it answers with an error. Needs no password.
 */
export function probePostgres(socketPath: string, user: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path: socketPath, signal });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('no answer')));
    socket.once('data', (answer) => {
      socket.destroy();
      if (answer[0] === 'R'.charCodeAt(0)) resolve();
      else reject(new Error('not ready'));
    });
    const parameters = Buffer.from(`user\0${user}\0database\0postgres\0\0`);
    const head = Buffer.alloc(8);
    head.writeInt32BE(head.length + parameters.length, 0);
    head.writeInt32BE(PROTOCOL_VERSION, 4);
    socket.write(Buffer.concat([head, parameters]));
  });
}
