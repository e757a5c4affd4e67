import t, { type Test } from 'tap';
import { Committer } from '../../../../src/ingest/journal/committer.ts';
import { JOURNAL_DEFAULTS } from '../../../../src/ingest/journal/options.ts';
import { UplinkNumbers } from '../../../../src/ingest/journal/uplink-numbers.ts';
import { kioskMessage, LIFE } from '../../../support/ingest/journal.ts';
import { ManualClock } from '../../../support/time/clock.ts';
import { turns } from '../../../support/time/turns.ts';

const DELAY_MS = 5;

/** A committer whose writes end at once; `groups` tells how many messages each of them had. */
function commits() {
  const clock = new ManualClock();
  const groups: number[] = [];
  const committer = new Committer(
    {
      lane: 'live',
      incarnation: LIFE,
      uplinks: new UplinkNumbers(),
      clock,
      limits: { ...JOURNAL_DEFAULTS, groupDelayMs: DELAY_MS },
      write: async ({ messages }) => void groups.push(messages.length),
      onSynced: () => {},
      onFailed: async () => {},
    },
    0,
  );
  const send = async (id: string): Promise<void> => {
    const message = kioskMessage();
    void committer.add({ ...message, device: { ...message.device, id } });
    await turns();
  };
  return { clock, groups, send };
}

async function sendOneEachMs(send: (id: string) => Promise<void>, clock: ManualClock, ids: string[]): Promise<void> {
  for (const id of ids) {
    await send(id);
    await clock.advance(1);
  }
}

t.test('messages of many devices that come one by one share an fdatasync', async (t: Test) => {
  const { clock, groups, send } = commits();
  await sendOneEachMs(
    send,
    clock,
    Array.from({ length: 20 }, (_, number) => `kiosk-${number}`),
  );
  await clock.advance(DELAY_MS);
  t.equal(
    groups.reduce((sum, each) => sum + each, 0),
    20,
  );
  t.ok(groups.length <= 6, `${groups.length} fdatasyncs in 20 ms`);
});

t.test('where there are many, more of them share one', async (t: Test) => {
  const { clock, groups, send } = commits();
  const ids = Array.from({ length: 600 }, (_, number) => `kiosk-${number}`);
  await sendOneEachMs(send, clock, ids);
  const busy = groups.length;
  t.ok(busy <= 75, `${busy} fdatasyncs in 600 ms`);
  await clock.advance(1_000);
  for (const id of ids.slice(0, 60)) {
    await send(id);
    await clock.advance(2 * DELAY_MS);
  }
  const few = groups.slice(-40);
  t.ok(
    few.every((each) => each === 1),
    'and few are not held up for company that does not come',
  );
});

t.test('a device that waits for each answer is not held up', async (t: Test) => {
  const { clock, groups, send } = commits();
  await sendOneEachMs(send, clock, Array(8).fill('kiosk-1'));
  t.same(groups, Array(8).fill(1));
});

t.test(
  'several devices that wait for each answer are not held up, however many messages that makes',
  async (t: Test) => {
    const { clock, groups, send } = commits();
    const ids = Array.from({ length: 8 }, (_, number) => `kiosk-${number}`);
    const ROUNDS = 200;
    // All have sent at once, and each sends again a millisecond after its answer.
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const id of ids) await send(id);
      await clock.advance(1);
    }
    const sent = groups.reduce((sum, each) => sum + each, 0);
    t.ok(
      sent >= (ROUNDS - 2 * DELAY_MS) * ids.length,
      `${sent} of ${ROUNDS * ids.length} were durable in ${ROUNDS} ms`,
    );
  },
);

t.test('the first after a pause is not held up, whoever it is', async (t: Test) => {
  const { clock, groups, send } = commits();
  await send('kiosk-1');
  await clock.advance(DELAY_MS);
  await send('kiosk-2');
  t.same(groups, [1, 1]);
});
