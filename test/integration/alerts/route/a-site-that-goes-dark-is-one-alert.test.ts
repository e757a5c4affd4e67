import t from 'tap';
import { ONE_BY_ONE } from '../../../../src/alerts/route/stages/storm.ts';
import { enqueueWork } from '../../../../src/platform/work/work.ts';
import { ADMIN, startReceiver, webhookAt } from '../../../support/alerts/alert-desk.ts';
import { startAlertsApi } from '../../../support/alerts/alerts-api.ts';
import type { FireOptions } from '../../../support/alerts/findings.ts';
import { usualStages } from '../../../support/alerts/usual-stages.ts';
import { HERE } from '../../../support/api/api.ts';
import { until } from '../../../support/time/until.ts';

/** Devices that went dark with those beside them, by what they hang on. */
const dark = new Map<string, string>();
const lately = new Set<string>();
const beside = new Map<string, number>();
let laterMs = 0;
const outages = {
  above: (device: string) => dark.get(device) ?? null,
  lately: (device: string) => dark.has(device) || lately.has(device),
  beside: (device: string) => beside.get(device) ?? 1,
  tellsSilence: (rule: string) => rule === 'kiosk-fire',
  nowMs: () => Date.now() + laterMs,
};
const stages = usualStages({ outages });
const { desk, raise } = await startAlertsApi(t, { stages });
const receiver = await startReceiver(t);
await desk.subscriptions.create(ADMIN, { name: 'centre', ...webhookAt(receiver.url), jurisdiction: HERE });

async function fire(device: string, how: Partial<FireOptions>, condition: string, visibility: string) {
  await raise(device, { severity: 'moderate', ...how });
  await until(`${device} is ${condition} and ${visibility}`, async () => {
    const [alert] = (await desk.queries.list(ADMIN, { limit: 1, device })).items;
    return alert?.condition === condition && alert.visibility === visibility;
  });
}
const told = (device: string) =>
  receiver
    .once()
    .filter(({ data }) => data.data.dedupKey.endsWith(`|${device}`))
    .map(({ data }) => data.type);
async function look(): Promise<void> {
  await desk.database.transaction((tx) => enqueueWork(tx, desk.clock, [{ queue: 'stage', key: 'outage now' }]));
  desk.doorbell.ring('stage');
}

t.test(
  'that devices of a dark site are silent is held back, and what is still silent afterwards is told',
  async (t) => {
    for (const device of ['lasts', 'over', 'grave']) dark.set(device, 'cabinet');
    await fire('lasts', {}, 'active', 'inhibited');
    await fire('over', {}, 'active', 'inhibited');
    await fire('over', { kind: 'cleared' }, 'cleared', 'inhibited');
    await fire('grave', { severity: 'severe' }, 'active', 'normal');
    await until('the severe one is told', () => told('grave')[0]);
    t.strictSame([told('lasts'), told('over')], [[], []]);
    dark.clear();
    await look();
    await until('what lasts is told', () => told('lasts')[0]);
    t.strictSame([told('lasts'), told('over')], [['alert.updated'], []]);
  },
);

t.test(
  'until it is clear whether others are dark too, a silent device of a site waits; one alone does not',
  async (t) => {
    beside.set('waits', 3);
    await fire('alone', {}, 'active', 'normal');
    await fire('waits', {}, 'active', 'inhibited');
    await until('the one alone is told', () => told('alone')[0]);
    t.strictSame(told('waits'), []);
    laterMs = 20_000;
    await look();
    await until('it is told', () => told('waits')[0]);
  },
);

t.test('what is silent, or sends no video, waits until all of the site had time to come back', async (t) => {
  for (const rule of ['kiosk-fire', 'video-stalled', 'video-missing']) {
    const [gone, back] = [`gone-${rule}`, `back-${rule}`];
    for (const device of [gone, back]) {
      dark.set(device, 'site');
      await fire(device, { rule }, 'active', 'inhibited');
      lately.add(device);
    }
    dark.clear();
    await look();
    await fire(back, { rule, kind: 'cleared' }, 'cleared', 'inhibited');
    t.strictSame([told(gone), told(back)], [[], []], rule);
    lately.clear();
    await look();
    await until('what is still gone is told', () => told(gone)[0]);
    t.strictSame(told(back), [], rule);
  }
});

t.test('where many are still silent when all had time to come back, one stands for them', async (t) => {
  const many = Array.from({ length: 3 * ONE_BY_ONE }, (_, n) => `still-${n}`);
  for (const device of many) dark.set(device, 'district');
  for (const device of many) await raise(device, { severity: 'minor' });
  const held = { open: true, severity: 'minor', visibility: 'inhibited' } as const;
  await until('all are held back', async () => (await desk.queries.counts(ADMIN, held)).all === many.length);
  dark.clear();
  await look();
  const list = async () => (await desk.queries.list(ADMIN, { limit: 100, severity: 'minor' })).items;
  const leader = await until('one stands for them', async () =>
    (await list()).find(({ stormCount }) => stormCount > 0),
  );
  const all = await list();
  t.equal(all.filter(({ storm }) => storm === leader.id).length, many.length - ONE_BY_ONE - 1);
  t.equal(all.filter(({ visibility }) => visibility === 'normal').length, ONE_BY_ONE + 1);
  await until('few are told', () => many.filter((device) => told(device).length > 0).length === ONE_BY_ONE + 1);
  // Looked at again for as long as something is held back, which is the storm's now.
  await look();
  t.equal((await list()).filter(({ storm }) => storm === leader.id).length, many.length - ONE_BY_ONE - 1);
});
