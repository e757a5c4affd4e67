import t from 'tap';
import { buildCity } from '../../../../simulators/cities/city.ts';
import { parseCityFile } from '../../../../simulators/cities/city-file.ts';
import { lookAcross } from '../../../../simulators/cities/looks/across.ts';
import { countedBetween, readBooks, readBooksAfter } from '../../../../simulators/cities/looks/books.ts';
import { GatewayError } from '../../../../simulators/gateway-client.ts';

const { citizens } = buildCity(
  parseCityFile(
    `
city: test
title: { zh: 测试, en: Test }
plan: none
home: 浙B
middle: { lat: 29.87, lon: 121.55, radiusKm: 5 }
districts: ["330203", "330205"]
fleets: [{ name: kiosk, kind: recycling-kiosk, count: 40 }]
`,
    'test',
  ),
  { seed: 1, scale: 1, prefix: 'sim-t-', beginAtMs: 0 },
);

/** A gateway that answers what `answer` gives for a path, or the status of an error. */
function gateway(answer: (path: string) => unknown) {
  const asked: string[] = [];
  const call = async (_method: string, path: string) => {
    asked.push(path);
    const body = answer(path);
    if (typeof body === 'number') throw new GatewayError(path, body, 'no', '');
    return { body, etag: null };
  };
  return { asked, call };
}

const isList = (path: string): boolean => path.includes('?');

t.test('whoever may see one district is shown nothing of another', async (t) => {
  const own = { items: [{ jurisdiction: '330203' }, { jurisdiction: '330203001' }] };
  const right = gateway((path) => (isList(path) ? own : 404));
  t.match(await lookAcross(right, citizens, '330203'), { tries: 24, letIn: 0 });
  t.ok(
    right.asked
      .filter((path) => !isList(path))
      .every((path) => {
        return citizens.find(({ sender }) => path.startsWith(`/devices/${sender.being.id}`))?.district === '330205';
      }),
    'only those of the other district are asked for by name',
  );
  const lists = gateway((path) => (isList(path) ? { items: [{ jurisdiction: '330205' }] } : 404));
  t.match(await lookAcross(lists, citizens, '330203'), { letIn: 2 });
  const names = gateway((path) => (isList(path) ? own : path.endsWith('latest') ? {} : 403));
  t.match(await lookAcross(names, citizens, '330203'), { letIn: 10 });
  await t.rejects(
    lookAcross(
      gateway((path) => (isList(path) ? own : 500)),
      citizens,
      '330203',
    ),
    { message: /500/ },
    'that is no answer',
  );
});

const rows = (...totals: number[]) => ({
  balanced: true,
  rows: totals.map((total, at) => ({ kind: `k-${at % 2}`, messages: { total } })),
});

t.test('a ledger is read before and after, and waited for as it follows what comes in', async (t) => {
  const answers = [rows(10, 5), rows(12, 5), rows(20, 15, 4)];
  const books = gateway(() => answers.shift());
  const before = await readBooks(books);
  const after = await readBooksAfter(books, { before, acked: 20, mostMs: 60_000 });
  t.strictSame(countedBetween(before, after, ['k-0', 'k-1', 'k-0']), [
    { kind: 'k-0', messages: 14, isBalanced: true },
    { kind: 'k-1', messages: 10, isBalanced: true },
  ]);
});

t.test('a gateway without a ledger, or of another form, is not judged by it', async (t) => {
  t.equal(await readBooks(gateway(() => 404)), null);
  t.equal(await readBooks(gateway(() => ({ balanced: 'yes' }))), null);
  t.equal(
    await readBooksAfter(
      gateway(() => rows(1)),
      { before: null, acked: 1, mostMs: 1 },
    ),
    null,
  );
  t.strictSame(countedBetween(null, null, ['k-0']), []);
});
