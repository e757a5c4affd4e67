import fc from 'fast-check';
import t from 'tap';
import { CitywatchError } from '../../../../../src/core/errors.ts';
import type { NewMessage, Receipt } from '../../../../../src/core/types.ts';
import { AckQueue } from '../../../../../src/ingest/uplinks/common/ack-queue.ts';
import { ByteBudget } from '../../../../../src/ingest/uplinks/common/byte-budget.ts';
import { ManualClock } from '../../../../support/time/clock.ts';

function message(packetId: number): NewMessage {
  return {
    receivedAtMs: 0,
    uplink: 'mqtt',
    channel: 'telemetry',
    topic: 'cw/v1/k1/telemetry',
    device: { id: 'k1', kind: 'kiosk', kindVersion: 1, jurisdiction: '330200' },
    connection: 'c',
    packetId,
    dup: false,
    raw: Buffer.from(String(packetId)),
  };
}

/**
 * A journal that answers each call as the next of `script` says, then always takes. Like the real one it keeps the
 * order of the calls it takes (`taken`), however late each answer comes (`durable`).
 */
function scripted(script: ('now' | 'later' | 'refuse' | 'refuse later')[]) {
  const answers = [...script];
  const durable = new Set<number>();
  const clock = new ManualClock();
  const budget = new ByteBudget(1e9);
  const counts = { asked: 0, refused: 0, qos0Dropped: 0 };
  const taken: number[] = [];
  const acked: number[] = [];
  const receipt: Receipt = { id: 'live-1', position: { lane: 'live', offset: 1 } };
  const accept = async ({ packetId }: NewMessage) => {
    const answer = answers.shift() ?? 'now';
    const refused = answer.startsWith('refuse');
    if (!refused) taken.push(packetId);
    if (answer.endsWith('later')) await clock.sleep(10);
    if (refused) throw new CitywatchError('ingest.full');
    durable.add(packetId);
    return receipt;
  };
  const owner = {
    acked: (id: number) => void acked.push(id),
    eased: () => {},
    rejected: () => {},
  };
  const queue = new AckQueue({ accept, clock, budget, counts }, owner);
  return { clock, budget, counts, taken, durable, acked, queue };
}

/** The order in which things were last made durable. */
function lastOrder(taken: number[]): number[] {
  return [...new Set([...taken].reverse())].reverse();
}

t.test('whatever the journal answers, acks come once and in order, after the message and in its order', async () => {
  const answer = fc.constantFrom('now' as const, 'later' as const, 'refuse' as const, 'refuse later' as const);
  const wanted = Array.from({ length: 12 }, (_, i) => i + 1);
  await fc.assert(
    fc.asyncProperty(
      fc.array(answer, { maxLength: 30 }),
      fc.array(fc.nat(20), { maxLength: 12 }),
      async (answers, pauses) => {
        const it = scripted(answers);
        for (const id of wanted) {
          it.queue.push(message(id), 1);
          await it.clock.advance(pauses[id - 1] ?? 0);
          if (!it.acked.every((acked) => it.durable.has(acked))) return false;
        }
        await it.clock.advance(120_000);
        return (
          JSON.stringify(it.acked) === JSON.stringify(wanted) &&
          JSON.stringify(lastOrder(it.taken)) === JSON.stringify(wanted) &&
          it.budget.bytes === 0 &&
          it.queue.size === 0 &&
          it.counts.asked === 0
        );
      },
    ),
    { numRuns: 150 },
  );
});

t.test('a refused message is tried again at growing distances, at most every two seconds', async (t) => {
  const it = scripted(new Array(1_000).fill('refuse'));
  it.queue.push(message(1), 1);
  it.queue.push(message(2), 1);
  await it.clock.advance(60_000);
  t.ok(it.counts.refused > 30 && it.counts.refused < 80, `${it.counts.refused} tries in a minute`);
  t.same(it.acked, []);
  it.queue.close();
  t.equal(it.budget.bytes, 0);
  const before = it.counts.refused;
  await it.clock.advance(60_000);
  t.equal(it.counts.refused, before, 'not after the end');
});

t.test('memory of what is with the journal is given back only when the journal has answered', async (t) => {
  const it = scripted(['later']);
  it.queue.push(message(1), 1);
  it.queue.close();
  t.ok(it.budget.bytes > 0);
  await it.clock.advance(20);
  t.equal(it.budget.bytes, 0);
  t.same(it.acked, []);
});

t.test('a journal that will never take a message is reported, not asked for ever', async (t) => {
  const clock = new ManualClock();
  const counts = { asked: 0, refused: 0, qos0Dropped: 0 };
  const accept = () => Promise.reject(new CitywatchError('request.too-large'));
  const rejected: unknown[] = [];
  const owner = { acked: () => t.fail(), eased: () => {}, rejected: (error: unknown) => void rejected.push(error) };
  const queue = new AckQueue({ accept, clock, budget: new ByteBudget(1e9), counts }, owner);
  queue.push(message(1), 1);
  await clock.advance(1);
  t.match(rejected, [{ code: 'request.too-large' }]);
  queue.close();
});

t.test('who waits for memory is called in turn once a quarter of it is free', async (t) => {
  const budget = new ByteBudget(100);
  const called: number[] = [];
  budget.take(120);
  t.equal(budget.spent, true);
  for (const n of [1, 2, 3]) {
    budget.wait({
      budgetFreed: () => {
        called.push(n);
        budget.take(20);
      },
    });
  }
  budget.give(30);
  t.same(called, []);
  budget.give(20);
  t.same(called, [1, 2], 'the third would be over again');
  t.equal(budget.waiting, 1);
});
