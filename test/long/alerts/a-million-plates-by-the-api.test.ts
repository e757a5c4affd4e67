import { readFileSync, writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import t from 'tap';
import { LIST_ENTRIES_MAX } from '../../../src/alerts/watchlists/entries.ts';
import { orderBody, secondPerson } from '../../support/api/watchlist-requests.ts';
import { Gateway } from '../../support/gateway/gateway.ts';
import { lasts } from '../../support/time/lasting.ts';
import { until } from '../../support/time/until.ts';

t.setTimeout(1_800_000);
const AREA = '330200';
const MIB = 2 ** 20;
const ASK_MS = 250;
/** The gateway may grow by so much while a file comes in, and once its plates are in force. */
const GROWN_MAX = 256 * MIB;

const gateway = await Gateway.start(t);
const { token } = (
  await gateway.api('POST', '/tokens', { body: { name: 'asks', role: 'operator', jurisdiction: AREA } })
).body;
const secret = await gateway.register({ id: 'kk', kind: 'checkpoint' });

const plateOf = (n: number): string =>
  `浙${'ABCDEFGHJK'[Math.floor(n / 100_000)]}${String(n % 100_000).padStart(5, '0')}`;
/** Lines of the file, by their number, that nobody can use. */
const BAD: Record<number, string> = {
  7: '浙B?2345,theft,,\n',
  500001: '浙B12345,theft,pink,\n',
  900000: '浙B12345,theft,,yesterday\n',
};

/** A file of `count` good lines with the bad ones among them, made as it is sent; with `stopAt` it breaks off there. */
async function* file(count: number, { more = '', stopAt = Infinity } = {}): AsyncGenerator<Buffer> {
  yield Buffer.from('plate,reason,colour,validUntil\n');
  let line = 2;
  for (let n = 0, text = ''; n <= count; line += 1) {
    if (line > stopAt) throw new Error('broken off');
    if (BAD[line]) text += BAD[line];
    else {
      if (n < count) text += `${plateOf(n)},theft,,\n`;
      n += 1;
    }
    if (text.length > 100_000 || n > count) {
      yield Buffer.from(text);
      text = '';
    }
  }
  yield Buffer.from(more);
}

async function send(list: string, body: AsyncIterable<Buffer>, bearer = token) {
  const response = await fetch(`${gateway.httpUrl}/api/v1/watchlists/${list}/entries`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bearer}`, 'content-type': 'text/csv' },
    body: Readable.from(body) as unknown as ReadableStream,
    duplex: 'half',
  } as RequestInit);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const draft = async (): Promise<string> =>
  (await gateway.api('POST', '/watchlists', { body: orderBody(AREA), token })).body.id;
/** Bytes of memory of the gateway: `VmRSS` now, `VmHWM` the most since {@link forgetMost}. */
const memory = (what: 'VmRSS' | 'VmHWM'): number => {
  const status = readFileSync(`/proc/${gateway.pid}/status`, 'utf8');
  return Number(new RegExp(`^${what}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024;
};
const forgetMost = (): void => writeFileSync(`/proc/${gateway.pid}/clear_refs`, '5');
const seconds = (sinceMs: number): string => `${((performance.now() - sinceMs) / 1_000).toFixed(1)} s`;

/** The longest that a question waited while `work` went on, ms. */
async function askedMeanwhile<R>(work: Promise<R>): Promise<{ result: R; longestMs: number }> {
  let [longestMs, isOver] = [0, false];
  const asking = (async () => {
    while (!isOver) {
      const startMs = performance.now();
      await gateway.api('GET', '/healthz', { token: '' });
      longestMs = Math.max(longestMs, performance.now() - startMs);
      // More often than that is refused.
      await lasts(ASK_MS);
    }
  })();
  const result = await work.finally(() => {
    isOver = true;
  });
  await asking;
  return { result, longestMs };
}

const list = await draft();

t.test('of a file that breaks off half way nothing is taken, and it is sent again', async (t) => {
  const other = await draft();
  await t.rejects(send(other, file(50_000, { stopAt: 20_000 })));
  const held = async () => (await gateway.api('GET', `/watchlists/${other}`, { token })).body.entries as number;
  await until('its end was seen', async () => (await send(other, file(0))).status === 200);
  t.equal(await held(), 0);
  t.match(await send(other, file(50_000)), { status: 200, body: { added: 50_000, known: 0, entries: 50_000 } });
  t.match(await send(other, file(50_000)), { body: { added: 0, known: 50_000, entries: 50_000 } }, 'once more');
});

t.test('a million rows come in over HTTP, and each bad one is named by line and field', async (t) => {
  const before = memory('VmRSS');
  forgetMost();
  const startMs = performance.now();
  const { result, longestMs } = await askedMeanwhile(send(list, file(LIST_ENTRIES_MAX)));
  const grown = memory('VmHWM') - before;
  t.comment(`${seconds(startMs)}; the gateway grew by ${(grown / MIB).toFixed(0)} MiB at most`);
  t.comment(`a question meanwhile waited ${longestMs.toFixed(0)} ms at most`);
  t.equal(result.status, 200, JSON.stringify(result.body));
  const counts = { lines: LIST_ENTRIES_MAX + 3, added: LIST_ENTRIES_MAX, refused: 3, entries: LIST_ENTRIES_MAX };
  t.match(result.body, counts);
  t.match(result.body.faults, [
    { line: 7, message: /^plate: / },
    { line: 500_001, message: /^colour: / },
    { line: 900_000, message: /^validUntil: .*RFC 3339/ },
  ]);
  t.notMatch(JSON.stringify(result.body), /12345|2345/, 'no plate is said again');
  t.ok(grown < GROWN_MAX, `it grew by ${(grown / MIB).toFixed(0)} MiB`);
});

t.test('one more is refused with the limit and what to do, and so is a body that is no file', async (t) => {
  const more = await send(list, file(0, { more: '京A12345,theft,,\n' }));
  t.match(more, { status: 409, body: { code: 'conflict.state', detail: /at most 1000000 plates, .* another list/ } });
  const entries = Array.from({ length: 10_001 }, (_, n) => ({ plate: plateOf(n), reason: 'theft' }));
  const tooMany = await gateway.api('POST', '/watchlists', { body: { ...orderBody(AREA), entries }, token });
  t.match(tooMany, {
    status: 400,
    body: { code: 'request.invalid', issues: [{ path: 'entries', message: /10000 plates: .*\/entries/ }] },
  });
  const huge = Array.from({ length: 300_000 }, (_, n) => ({ plate: plateOf(n), reason: 'theft' }));
  const tooLarge = await gateway.api('POST', '/watchlists', { body: { ...orderBody(AREA), entries: huge }, token });
  t.match(tooLarge, { status: 413, body: { code: 'request.too-large' } });
});

t.test('once in force it is matched as quickly as a short one', async (t) => {
  t.equal((await gateway.api('POST', `/watchlists/${list}/request`, { token })).status, 200);
  const second = await secondPerson(gateway, AREA);
  const before = memory('VmRSS');
  const startMs = performance.now();
  const approving = gateway.api('POST', `/watchlists/${list}/approve`, { token: second });
  const { result, longestMs } = await askedMeanwhile(approving);
  t.equal(result.status, 200, result.text);
  t.comment(
    `${seconds(startMs)} until it was in force; a question meanwhile waited ${longestMs.toFixed(0)} ms at most`,
  );
  const grown = memory('VmHWM') - before;
  t.ok(grown < GROWN_MAX, `it grew by ${(grown / MIB).toFixed(0)} MiB`);
  for (const [index, n] of [0, 499_999, LIST_ENTRIES_MAX - 1].entries()) {
    const data = { plate: plateOf(n), plateColor: 'blue', plateConfidence: 0.97, lane: 1 };
    const body = { ts: Date.now(), id: `p-${index}`, type: 'passage', data };
    const { status } = await gateway.api('POST', '/devices/kk/events', { body, token: `kk:${secret}` });
    t.equal(status, 202);
  }
  await until('each is a hit', async () => (await gateway.get('/alerts?device=kk')).items.length === 3);
});
