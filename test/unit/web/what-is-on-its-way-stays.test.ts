import t from 'tap';
import type { Entry, KeptOrder, Outbox, Trouble } from '../../../web/src/orders/kept/kept.ts';
import { again, drop, goOn } from '../../../web/src/orders/queue/decide.ts';
import { type Gateway, sendOrder } from '../../../web/src/orders/queue/send.ts';

const OWNER = 'zhang';
const NUMBER = 'W-2026-1';
const NOTE: Entry = {
  seq: 1,
  id: 'n-1',
  owner: OWNER,
  order: NUMBER,
  device: 'd-1',
  madeAtMs: 0,
  deed: { kind: 'note', note: 'wet' },
  state: 'waiting',
  trouble: null,
};

interface Fake {
  outbox: Outbox;
  entries: Map<number, Entry>;
  kept(): KeptOrder;
}

function fake(...some: Entry[]): Fake {
  const order = { number: NUMBER, version: 1, state: 'taken' } as unknown as KeptOrder['order'];
  const device = { id: 'd-1', unit: { id: 'u-1' } } as unknown as KeptOrder['device'];
  let kept: KeptOrder = { owner: OWNER, number: NUMBER, order, device, keptAtMs: 0, labelAtMs: null, check: null };
  const entries = new Map(some.map((entry) => [entry.seq, entry]));
  const outbox: Outbox = {
    entries: async () => [...entries.values()],
    put: async (entry) => entries.has(entry.seq) && Boolean(entries.set(entry.seq, entry)),
    remove: async ({ seq }) => void entries.delete(seq),
    takeBack: async ({ seq }) => entries.get(seq)?.state === 'waiting' && entries.delete(seq),
    bytes: async () => null,
    order: async () => kept,
    putOrder: async (changed) => {
      kept = changed;
    },
  };
  return { outbox, entries, kept: () => kept };
}

function gatewayOf(step: () => Promise<void>): Gateway {
  const order = async () => ({ number: NUMBER, version: 1, state: 'taken' });
  return { order, step: async () => step() } as unknown as Gateway;
}

const deciding = (outbox: Outbox) => ({ outbox, uuid: () => 'n-2' });
const sending = (outbox: Outbox, step: () => Promise<void>) => {
  return sendOrder(OWNER, NUMBER, { outbox, gateway: gatewayOf(step), tellSecret: () => {} });
};

t.test('what is on its way is not taken back: it may be done by now', async (t) => {
  const { outbox, entries } = fake(NOTE);
  let isDone = false;
  const came = await sending(outbox, async () => {
    // As the page shows it that was drawn before it left.
    await drop(NOTE, deciding(outbox));
    t.equal(entries.get(1)?.state, 'tried', 'it still waits for its answer');
    isDone = true;
  });
  t.equal(came, 'sent');
  t.ok(isDone);
  t.equal(entries.size, 0);
});

t.test('what was taken back just before is not sent', async (t) => {
  const { outbox, entries } = fake(NOTE);
  const sent: string[] = [];
  const order = async () => {
    await drop(NOTE, deciding(outbox));
    return { number: NUMBER, version: 1, state: 'taken' };
  };
  const gateway = { order, step: async () => sent.push('note') } as unknown as Gateway;
  t.equal(await sendOrder(OWNER, NUMBER, { outbox, gateway, tellSecret: () => {} }), 'sent');
  t.same(sent, []);
  t.equal(entries.size, 0);
});

t.test('a decision is made once, also when two windows show the question', async (t) => {
  const trouble: Trouble = { is: 'unit', seen: 'S-1', current: { id: 'u-5', words: 'S-5' }, by: null, at: null };
  const swap = {
    ...NOTE,
    deed: { kind: 'swap', unit: { serial: 'S-9' }, replaces: 'u-1', hung: 'S-1', named: true, reason: 'wet' },
    trouble,
  } satisfies Entry;
  const { outbox, entries } = fake(swap);
  await goOn(swap, deciding(outbox));
  const [going] = [...entries.values()];
  t.match(going, { id: 'n-2', trouble: null });
  entries.set(1, { ...going!, state: 'tried' });
  for (const decide of [goOn, again, drop]) {
    await decide(swap, { outbox, uuid: () => 'n-3' });
    t.match([...entries.values()], [{ id: 'n-2', state: 'tried', trouble: null }], decide.name);
  }
});

t.test('what is noted while something is on its way stays noted', async (t) => {
  const { outbox, kept } = fake({ ...NOTE, deed: { kind: 'check' } });
  const gateway = {
    ...gatewayOf(async () => {}),
    check: async () => {
      await outbox.putOrder({ ...kept(), labelAtMs: 7 });
      return { grade: 'good', steps: [], at: '2026-11-20T08:00:00.000Z' };
    },
  } as unknown as Gateway;
  await sendOrder(OWNER, NUMBER, { outbox, gateway, tellSecret: () => {} });
  t.match(kept(), { labelAtMs: 7, check: { grade: 'good' } });
});
