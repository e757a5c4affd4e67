import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { StreamListener } from '../../../simulators/centre/stream-listener.ts';
import { until } from '../../support/time/until.ts';

/** A stream of alerts that says what it is told to; each connection is kept. */
async function startStream(t: Test) {
  const asked: IncomingMessage[] = [];
  const open: ServerResponse[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    open.push(response);
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': hello\n\n');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const tell = (place: number, more = ''): void => {
    const alert = { id: `a-${place}`, device: 'd-1' };
    const text = JSON.stringify({ type: 'alert.opened', alert, more });
    open.at(-1)!.write(`event: alert\nid: p-${place}\ndata: ${text}\n\n`);
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, asked, open, tell };
}

function follow(t: Test, url: string, ledgerPath?: string): StreamListener {
  const listener = new StreamListener({ url, token: 'secret', againMs: 5, ...(ledgerPath && { ledgerPath }) });
  t.teardown(() => listener.stop());
  listener.start();
  return listener;
}

const placesOf = ({ ledger }: StreamListener): string[] => ledger.map(({ place }) => place);

t.test('what comes is written down, and a break costs and doubles nothing', async (t) => {
  const { url, asked, open, tell } = await startStream(t);
  const ledgerPath = join(t.testdir(), 'stream.jsonl');
  const listener = follow(t, url, ledgerPath);
  await until('it follows', () => open.length === 1);
  tell(1);
  tell(2);
  await until('both came', () => listener.ledger.length === 2);
  open[0]!.destroy();
  await until('it follows again', () => open.length === 2);
  t.equal(asked[1]?.headers['last-event-id'], 'p-2', 'from where it was');
  t.equal(asked[1]?.headers.authorization, 'Bearer secret');
  tell(2);
  tell(3);
  await until('the rest came', () => listener.ledger.length === 4);
  t.match(listener.ledger, [
    { place: 'p-1', type: 'alert.opened', alertId: 'a-1', device: 'd-1', duplicate: false },
    { place: 'p-2', duplicate: false },
    { place: 'p-2', duplicate: true },
    { place: 'p-3', alertId: 'a-3', duplicate: false },
  ]);
  t.equal(readFileSync(ledgerPath, 'utf8').trim().split('\n').length, 4);
});

t.test('one that is down is not there, and one that is slow reads nothing', async (t) => {
  const { url, open, tell } = await startStream(t);
  const listener = follow(t, url);
  await until('it follows', () => open.length === 1);
  listener.be('down');
  await until('it is gone', () => open[0]!.destroyed);
  listener.be('open');
  await until('it is back', () => listener.connections === 2 && open.length === 2);
  tell(1);
  await until('it reads', () => listener.ledger.length === 1);
  listener.be('slow');
  tell(2);
  // More than the line and its ends keep between them.
  for (let place = 3; place < 60; place += 1) tell(place, 'x'.repeat(1_000_000));
  await until('what it does not read waits', () => open[1]!.writableLength > 1_000_000);
  t.ok(listener.ledger.length < 59, `${listener.ledger.length} were read`);
  listener.be('open');
  await until('it reads on', () => listener.ledger.length === 59);
  t.strictSame(
    placesOf(listener),
    Array.from({ length: 59 }, (_, at) => `p-${at + 1}`),
  );
});
