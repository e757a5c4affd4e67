import { connect, type NetConnectOpts, Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { AbstractConnector, type RedisOptions } from 'ioredis';
import { machineNames, type Names } from './names.ts';

/** What a client of a service asks for names; one that does not would wait in `dns.lookup`. */
export type ServiceNames = Pick<Names, 'lookup'>;

/** A socket for `pg`, which calls `connect(port, host)` or `connect(path)` on it. */
export function postgresSocket(names: ServiceNames = machineNames.services): Socket {
  const socket = new Socket();
  const open = socket.connect.bind(socket) as (options: NetConnectOpts) => Socket;
  const named = (where: number | string, host?: string): Socket =>
    typeof where === 'string' ? open({ path: where }) : open({ port: where, host: host ?? '', lookup: names.lookup });
  return Object.assign(socket, { connect: named });
}

/** The option `Connector` of ioredis: as its own, but names are asked for by us. */
export function redisConnector(names: ServiceNames = machineNames.services) {
  return class NamedConnector extends AbstractConnector {
    readonly #options: RedisOptions;

    constructor(options: RedisOptions) {
      super(options.disconnectTimeout ?? DISCONNECT_MS);
      this.#options = options;
    }

    override async connect(): Promise<Socket> {
      const { path, host = 'localhost', port = 6379, tls } = this.#options;
      this.connecting = true;
      const target = path ? { path } : { host, port, lookup: names.lookup };
      const stream = tls ? connectTls({ ...target, ...tls }) : connect(target as NetConnectOpts);
      this.stream = stream;
      stream.once('error', (error) => {
        this.firstError = error;
      });
      return stream;
    }
  };
}

/** ioredis' own default. */
const DISCONNECT_MS = 2_000;
