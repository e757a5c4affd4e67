import t from 'tap';
import { HOUR_MS, MINUTE_MS } from '../../../src/core/clock.ts';
import { emptyRedis } from '../../support/alerts/receiver-outage.ts';
import { readAlertLog } from '../../support/alerts/webhook-receiver.ts';
import {
  AlertScene,
  killAtAlertSteps,
  type Press,
  pressDuring,
} from '../../support/faults/campaigns/alert-campaign.ts';
import { ALERT_STEPS } from '../../support/faults/orders.ts';
import { askItsRedis, replaced } from '../../support/faults/redis-of-gateway.ts';
import { record } from '../../support/faults/results.ts';
import { lasts } from '../../support/time/lasting.ts';
import { until } from '../../support/time/until.ts';

/** Each moment of a step twice; fewer where there is less time: `CAMPAIGN_SEEDS=3`. */
const SEEDS = Array.from({ length: Number(process.env.CAMPAIGN_SEEDS ?? 6) }, (_, seed) => seed);
const TIMES = 3;
const FROZEN_MS = 60_000;
/** The command centre is dead for two hours, which pass in steps of ten minutes. */
const DEAD = { steps: 12, stepMs: 10 * MINUTE_MS };
const TIMERS = 5;

const scene = await AlertScene.start(t);
const { gateway, receiver, faulty } = scene;

for (const step of ALERT_STEPS) {
  t.test(`kill -9 at ${step}, with every seed`, async (t) => {
    const kills = SEEDS.map((seed) => ({ step, seed }));
    await record(t, `alerts: kill -9 at ${step}`, () => killAtAlertSteps(scene, kills));
  });
}

t.test('Redis is killed, and loses all it kept', async (t) => {
  const fault = async (press: Press) => {
    press();
    await replaced(gateway, 'redis-server', 'SIGKILL');
    press();
    emptyRedis(gateway);
    press();
  };
  await record(t, 'alerts: Redis killed, then emptied', () => pressDuring(scene, { times: TIMES, fault }));
});

t.test('Redis is full: it refuses every write', async (t) => {
  const fault = async (press: Press) => {
    await askItsRedis(gateway, 'CONFIG', 'SET', 'maxmemory', '1');
    press();
    await lasts(3_000);
    press();
    await askItsRedis(gateway, 'CONFIG', 'SET', 'maxmemory', '0');
  };
  await record(t, 'alerts: Redis full', () => pressDuring(scene, { times: TIMES, fault }));
});

t.test('Redis is frozen for a minute', async (t) => {
  const fault = async (press: Press) => {
    const pid = gateway.server('redis-server');
    process.kill(pid, 'SIGSTOP');
    press();
    await lasts(FROZEN_MS / 2);
    press();
    await lasts(FROZEN_MS / 2);
    try {
      process.kill(pid, 'SIGCONT');
    } catch {
      t.comment('it was replaced meanwhile');
    }
  };
  await record(t, 'alerts: Redis frozen for 60 s', () => pressDuring(scene, { times: 1, fault }));
});

t.test('PostgreSQL is restarted and killed', async (t) => {
  const fault = async (press: Press) => {
    press();
    await replaced(gateway, 'postgres', 'SIGINT');
    press();
    await gateway.untilGreen();
    await replaced(gateway, 'postgres', 'SIGKILL');
  };
  await record(t, 'alerts: PostgreSQL restarted, then killed', () => pressDuring(scene, { times: TIMES, fault }));
});

/** How often something was sent, or tried in vain. */
async function attempts(): Promise<number> {
  const { text } = await gateway.api('GET', '/metrics');
  const counts = [...text.matchAll(/^citywatch_delivery_attempts_total\{[^}]*\} (\d+)$/gm)];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}

t.test('the command centre is dead for two hours', async (t) => {
  const subscription = async () => (await gateway.get('/subscriptions')).items[0];
  const fault = async (press: Press) => {
    receiver.takesAnyTime = true;
    await receiver.down();
    for (let step = 1; step <= DEAD.steps; step += 1) {
      if (step % 4 === 1) press();
      const before = await attempts();
      await faulty.order({ clockMs: step * DEAD.stepMs });
      await until('it is tried once more', async () => (await attempts()) > before, 30_000);
    }
    const { counts, lastError } = await subscription();
    t.match([counts.dead, typeof lastError], [0, 'string'], 'in vain, and none was given up');
    t.equal(counts.waiting > 0, true);
    await receiver.up();
  };
  await record(t, 'alerts: command centre dead for 2 h', () => pressDuring(scene, { times: 1, fault }));
  await faulty.order({ clockMs: 0 });
  await gateway.untilGreen();
  receiver.takesAnyTime = false;
});

/** How often each acknowledgement that ran out was said. */
async function unacked(ids: readonly string[]): Promise<number[]> {
  const log = await readAlertLog(gateway);
  return ids.map((id) => log.filter(({ type, alert }) => type === 'alert.unacked' && alert.id === id).length);
}

/** Acknowledges some open alerts for so long; resolves with their ids. */
async function acknowledgeFor(minutes: number): Promise<string[]> {
  const { items } = await gateway.get('/alerts?rule=sos-pressed&handling=new&limit=500');
  const ids: string[] = items.slice(0, TIMERS).map(({ id }: { id: string }) => id);
  for (const id of ids) {
    const { status, text } = await gateway.api('POST', `/alerts/${id}/ack`, { body: { minutes } });
    if (status !== 200) throw new Error(`an acknowledgement was answered ${status}: ${text}`);
  }
  return ids;
}

t.test('the clock goes a day ahead and an hour back while timers are pending', async (t) => {
  const fault = async (press: Press) => {
    receiver.takesAnyTime = true;
    const ahead = await acknowledgeFor(30);
    t.equal(ahead.length, TIMERS);
    press();
    await faulty.order({ clockMs: 24 * HOUR_MS });
    await until('each timer ran out', async () => (await unacked(ahead)).every((times) => times === 1), 30_000);
    await faulty.order({ clockMs: 0 });
    press();
    const back = await acknowledgeFor(1);
    const before = await unacked(back);
    const isOut = async () => (await unacked(back)).every((times, at) => times > before[at]!);
    await faulty.order({ clockMs: -HOUR_MS });
    await lasts(5_000);
    t.strictSame(await unacked(back), before, 'an hour back nothing runs out early');
    press();
    await faulty.order({ clockMs: 0 });
    await until('each timer ran out', isOut, 120_000);
    await lasts(2_000);
    const once = before.map((times) => times + 1);
    t.strictSame(await unacked(back), once, 'and was said once');
    const others = ahead.filter((id) => !back.includes(id));
    t.strictSame(
      await unacked(others),
      others.map(() => 1),
    );
  };
  await record(t, 'alerts: clock a day ahead, an hour back, timers pending', () =>
    pressDuring(scene, { times: 1, fault }),
  );
});
