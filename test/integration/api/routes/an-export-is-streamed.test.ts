import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import type { ExportsPort } from '../../../../src/api/ports.ts';
import { CitywatchError } from '../../../../src/core/errors.ts';
import { bearer, KIOSK, startApi, TOKENS } from '../../../support/api/api.ts';
import { until } from '../../../support/time/until.ts';

const RANGE = 'from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z';
const PIECE = 'x'.repeat(65_536);

interface Made {
  pieces: number;
  ended: number;
  asked: Parameters<ExportsPort['open']>[0][];
}

/** The API over exports that never end by themselves, unless `fail` comes after some pieces. */
async function start(t: Test, fail?: { after: number; error: Error }) {
  const made: Made = { pieces: 0, ended: 0, asked: [] };
  async function* endless(signal: AbortSignal): AsyncGenerator<string> {
    try {
      while (!signal.aborted) {
        made.pieces += 1;
        if (fail && made.pieces > fail.after) throw fail.error;
        yield PIECE;
      }
    } finally {
      made.ended += 1;
    }
  }
  const exports: ExportsPort = {
    open: async (request, signal) => {
      made.asked.push(request);
      request.reason();
      return { contentType: 'text/csv', fileName: 'x.csv', pieces: endless(signal) };
    },
  };
  const { app, call } = await startApi(t, { exports });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const ask = async (token: string = TOKENS.viewer): Promise<IncomingMessage> => {
    const path = `/api/v1/devices/${KIOSK}/export?${RANGE}&purpose=investigation`;
    const request = get({ host: '127.0.0.1', port, path, headers: bearer(token), agent: false });
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    answer.on('error', () => {});
    answer.pause();
    return answer;
  };
  return { app, call, made, ask };
}

t.test('nothing is made ahead of a reader that does not read, and hanging up ends it', async (t) => {
  const { made, ask } = await start(t);
  const tokens = [TOKENS.viewer, TOKENS.viewer, TOKENS.operator, TOKENS.operator];
  const answers = await Promise.all(tokens.map((token) => ask(token)));
  let before = -1;
  await until('it waits for its readers', () => {
    const isStill = made.pieces === before;
    before = made.pieces;
    return isStill && before > 4;
  });
  t.ok(made.pieces < 4 * 200, `${made.pieces} pieces of 64 KiB for four readers that read nothing`);
  for (const token of [TOKENS.viewer, TOKENS.technician]) {
    const fifth = await ask(token);
    t.equal(fifth.statusCode, 429, 'two of one caller at a time, four of one district');
    fifth.resume();
  }
  for (const answer of answers) answer.destroy();
  await until('all have ended', () => made.ended === 4);
  const next = await ask();
  t.equal(next.statusCode, 200);
  t.match(next.headers, { 'content-disposition': 'attachment; filename="x.csv"', 'cache-control': /no-store/ });
  next.destroy();
});

t.test('an export that fails half way is cut, so that nobody takes it for whole', async (t) => {
  const { ask } = await start(t, { after: 3, error: new CitywatchError('store.unavailable') });
  const answer = await ask();
  const [error] = await Promise.all([once(answer, 'error').then(([error]) => error), answer.resume()]);
  t.match(error, { code: 'ECONNRESET' });
  t.equal(answer.complete, false);
});

t.test('stopping ends what would not end', async (t) => {
  const { app, ask, made } = await start(t);
  await ask();
  await app.close();
  t.equal(made.ended, 1);
});

t.test('who may not see the device, or says not why, gets nothing', async (t) => {
  const { call, made } = await start(t);
  const ask = (token: string, more = '') =>
    call({ method: 'GET', url: `/api/v1/devices/${KIOSK}/export?${RANGE}${more}`, headers: bearer(token) });
  t.equal((await ask(TOKENS.foreign)).status, 404);
  t.equal(made.asked.length, 0);
  t.match((await ask(TOKENS.technician, '&purpose=curiosity')).body, { code: 'auth.forbidden' });
  t.match((await ask(TOKENS.viewer, '&format=xls')).body, { code: 'request.invalid' });
  t.match((await ask(TOKENS.viewer, '&fields=a;b')).body, { code: 'request.invalid' });
  t.equal(made.pieces, 0);
});
