import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { Owner } from './services.ts';

/** What PostgreSQL says to everybody: an error of severity FATAL. */
export interface Refusal {
  sqlstate: string;
  message: string;
}

/** Something that speaks as a PostgreSQL does that takes connections and lets nobody in. */
export async function refusingPostgres(t: Owner, { sqlstate, message }: Refusal) {
  const refusal = Buffer.from(`SFATAL\0C${sqlstate}\0M${message}\0\0`);
  const head = Buffer.from(['E'.charCodeAt(0), 0, 0, 0, refusal.length + 4]);
  /** `isSilent`: it says nothing more to whoever comes. */
  const refusing = { url: '', asked: 0, isSilent: false };
  const server = createServer((socket) => {
    socket
      .on('error', () => {})
      .once('data', () => {
        refusing.asked += 1;
        if (!refusing.isSilent) socket.end(Buffer.concat([head, refusal]));
      });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => void server.close());
  refusing.url = `postgresql://user@127.0.0.1:${(server.address() as AddressInfo).port}/any`;
  return refusing;
}
