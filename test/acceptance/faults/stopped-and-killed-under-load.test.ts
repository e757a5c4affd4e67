import t, { type Test } from 'tap';
import { type Kill, killAtSteps } from '../../support/faults/campaigns/kill-campaign.ts';
import { type Scene, settle, underLoad } from '../../support/faults/faulty-gateway.ts';
import { MOMENTS, STEPS } from '../../support/faults/orders.ts';
import { check } from '../../support/faults/results.ts';
import { isRunning } from '../../support/processes.ts';
import { hangInflux } from '../../support/telemetry/influx-outage.ts';
import { momentsWithin } from '../../support/time/lasting.ts';
import { chance } from '../../support/time/random.ts';
import { until } from '../../support/time/until.ts';

// A busy machine takes several times what a quiet one does.
t.setTimeout(480_000);

const random = chance();

function oneOf<Item>(items: readonly Item[]): Item {
  return items[Math.floor(random() * items.length)]!;
}

/** A moment of a step in a gateway that runs; `npm run test:long` kills at each moment of each step. */
function whileItRuns(): Kill {
  const step = oneOf(STEPS);
  return { step, seed: 2 * oneOf([...Object.keys(MOMENTS[step]).keys()]) };
}

/** As {@link whileItRuns}, of a step in which a gateway that starts may lose what the end before left behind. */
function whileItStarts(): Kill {
  const step = oneOf(['decode', 'write', 'cursor'] as const);
  return { step, seed: 2 * oneOf([...Object.keys(MOMENTS[step]).keys()]) + 1 };
}

/** Resolves when so many more messages are acknowledged. */
async function acknowledged({ fleet }: Scene, messages: number): Promise<void> {
  const { acked } = fleet;
  await until(`${messages} more messages are acknowledged`, () => fleet.acked >= acked + messages, 60_000);
}

t.test(
  'a gateway under load: its services hang and are killed, it is stopped, and killed at labelled steps',
  async (t) => {
    // Each device knocks again and again while nobody is there, which fewer of them show as well.
    const scene = await underLoad(t, {}, { devices: 10, http: 1, perSecond: 100 });
    const { fleet, faulty } = scene;
    const { gateway } = faulty;

    await t.test('InfluxDB hangs: acknowledgements go on, and its light alone is not green', async (t) => {
      t.match(await hangInflux(gateway, () => acknowledged(scene, 400)), [/^influx: /]);
      await gateway.untilGreen();
    });

    const someMoment = momentsWithin(1_000);
    for (const program of ['influxd', 'redis-server', 'postgres']) {
      await t.test(`kill -9 of ${program}: acknowledgements go on, and it comes back`, async (t) => {
        await acknowledged(scene, 100);
        await someMoment();
        const pid = gateway.server(program);
        process.kill(pid, 'SIGKILL');
        await until('it is gone', () => !isRunning(pid));
        await acknowledged(scene, 100);
        await until('it is back', () => gateway.descendants().some((each) => each.program === program));
        t.not(gateway.server(program), pid, 'it was started again');
        await gateway.untilGreen();
      });
    }

    const isStopped = async (t: Test): Promise<void> => {
      const family = gateway.descendants();
      // Another status, or a signal, if any part of it needs longer than its deadline of nine seconds.
      t.equal(await gateway.stop('SIGTERM'), 0, 'stopped as asked, within 10 s');
      t.same(gateway.orphans(family), [], 'no process is left');
    };

    await t.test('SIGTERM, and kill -9 while it starts, runs and starts', async (t) => {
      await acknowledged(scene, 100);
      await isStopped(t);
      const kills = [whileItStarts(), whileItRuns(), whileItStarts()];
      t.comment(JSON.stringify(kills));
      check(t, await killAtSteps(scene, { kills, checks: 'at the end' }));
    });

    fleet.go();
    await t.test('SIGTERM while InfluxDB hangs', async (t) => {
      await acknowledged(scene, 100);
      process.kill(gateway.server('influxd'), 'SIGSTOP');
      await acknowledged(scene, 100);
      await isStopped(t);
      await gateway.start();
      await gateway.untilGreen();
      t.same((await settle(scene)).wrong, [], 'nothing is lost');
    });
    t.comment(`${fleet.acked} messages acknowledged`);
  },
);
