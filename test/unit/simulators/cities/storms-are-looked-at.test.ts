import t from 'tap';
import { StormWatch } from '../../../../simulators/cities/looks/storm-watch.ts';
import { type Entry, readLine } from '../../../../simulators/fleet/ledger-lines.ts';

interface Part {
  id: string;
  device: string | null;
  storm: string | null;
}

/** A gateway that lists parts of one storm in pages of two, and a ledger; each look is answered when it is told to. */
function ground() {
  const entries: Entry[] = [];
  const state = { parts: [] as Part[], isAway: false, nowMs: 1_000, looks: 0 };
  const watch = new StormWatch({
    gateway: {
      call: async (_method, path) => {
        if (state.isAway) throw new Error('away');
        const query = new URLSearchParams(path.split('?')[1]);
        const from = Number(query.get('cursor') ?? 0);
        if (from === 0) state.looks += 1;
        t.equal(query.get('storm'), 'a-1');
        const items = state.parts.slice(from, from + 2);
        const next = from + 2 < state.parts.length ? { next: String(from + 2) } : {};
        return { body: { items, ...next }, etag: null };
      },
    },
    ledger: { add: (text) => entries.push(readLine(text)!) },
    nowMs: () => {
      state.nowMs += 1;
      return state.nowMs;
    },
  });
  return { entries, state, watch };
}

const part = (at: number): Part => ({ id: `p-${at}`, device: `d-${at}`, storm: 'a-1' });

t.test('each part is written down once, and what is listed at the end', async (t) => {
  const { entries, state, watch } = ground();
  watch.told('a-9', 0);
  t.equal(watch.isTold, true, 'an alert that stands for itself alone is no storm');
  watch.told('a-1', 1);
  t.equal(watch.isTold, false, 'before the first look');
  state.parts = [part(1), part(2), part(3), { ...part(4), storm: 'a-2' }];
  await watch.finish();
  const parts = entries.flatMap((one) => (one.what === 'part' ? one.part : []));
  t.strictSame(
    parts.map(({ alert, device, beforeMs, storm }) => ({ alert, device, beforeMs, storm })),
    [1, 2, 3].map((at) => ({ alert: `p-${at}`, device: `d-${at}`, beforeMs: 0, storm: 'a-1' })),
  );
  t.strictSame(entries.at(-1), { what: 'storm', storm: { storm: 'a-1', listed: 3, gone: [] } });
  t.equal(watch.isTold, false, 'one of four was told');
});

t.test('while the gateway is away nothing is said of it', async (t) => {
  const { entries, state, watch } = ground();
  state.isAway = true;
  watch.told('a-1', 3);
  await watch.finish();
  t.strictSame(entries, []);
});

t.test('parts that are listed no more are named, and it is known since when a part may be there', async (t) => {
  const { entries, state, watch } = ground();
  state.parts = [part(1)];
  const seen = new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      if (state.looks === 0 || entries.length === 0) return;
      clearInterval(timer);
      resolve();
    }, 5);
  });
  watch.told('a-1', 2);
  await seen;
  t.equal(watch.isTold, true);
  state.parts = [part(2)];
  await watch.finish();
  const [first, second] = entries.flatMap((one) => (one.what === 'part' ? one.part : []));
  t.match(first, { alert: 'p-1', beforeMs: 0 });
  t.match(second, { alert: 'p-2' });
  t.ok((second?.beforeMs ?? 0) > 0 && (second?.beforeMs ?? 0) < (first?.atMs ?? 0), 'when the look before began');
  t.strictSame(entries.at(-1), { what: 'storm', storm: { storm: 'a-1', listed: 1, gone: ['p-1'] } });
});
