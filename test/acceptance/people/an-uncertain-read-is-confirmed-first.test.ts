import t from 'tap';
import { EventReader } from '../../support/alerts/event-reader.ts';
import { RECEIVER_NETWORKS, WebhookReceiver } from '../../support/alerts/webhook-receiver.ts';
import { ADMIN_TOKEN, Gateway } from '../../support/gateway/gateway.ts';
import { lentInflux, lentServices } from '../../support/services/shared-database.ts';
import { until } from '../../support/time/until.ts';

// A busy machine takes several times what a quiet one does.
t.setTimeout(240_000);

const AREA = '330200';
const [UNSURE, SURE] = ['浙B7Q4X9', '浙B33333'];

const gateway = await Gateway.start(t, {
  ...(await lentServices(t)),
  ...lentInflux(t),
  CITYWATCH_WEBHOOK_NETWORKS: RECEIVER_NETWORKS,
});
const receiver = await WebhookReceiver.subscribe(t, gateway);
const port = Number(new URL(gateway.httpUrl).port);
const tokenOf = async (name: string, role: string): Promise<string> =>
  (await gateway.api('POST', '/tokens', { body: { name, role, jurisdiction: AREA, purpose: 'routine' } })).body.token;
const [confirms, views] = [await tokenOf('confirms', 'operator'), await tokenOf('views', 'viewer')];
const secret = await gateway.register({ id: 'kk', kind: 'checkpoint' });

async function pass(plate: string, plateConfidence: number): Promise<void> {
  const body = {
    ts: Date.now(),
    id: plate,
    type: 'passage',
    data: { plate, plateColor: 'blue', plateConfidence, lane: 1 },
  };
  const { status } = await gateway.api('POST', '/devices/kk/events', { body, token: `kk:${secret}` });
  if (status !== 202) throw new Error(`answered ${status}`);
}

t.test(
  'a passage whose plate was read badly is told to who confirms, and goes beyond only once confirmed',
  async (t) => {
    const entries = [UNSURE, SURE].map((plate) => ({ plate, reason: 'stolen', validUntil: '2036-01-01T00:00:00Z' }));
    const list = { name: 'stolen', jurisdiction: AREA, reason: 'theft', case: 'C-1', entries };
    t.equal((await gateway.api('POST', '/watchlists', { body: list })).status, 201);
    const own = await EventReader.greeted(t, port, confirms);
    const others = await EventReader.greeted(t, port, views);

    await pass(UNSURE, 0.5);
    const told = await until('who confirms is told', () => own.events.find(({ event }) => event === 'alert.opened'));
    const alert = told.data.alert!;
    t.match(alert, { device: 'kk', audience: 'confirming', data: { candidate: true, doubt: 'low-confidence' } });
    const { body: stages } = await gateway.api('GET', `/alerts/${alert.id}/stages`, { token: confirms });
    const wayMs = Date.parse(stages.committed) - Date.parse(stages.event);
    t.comment(`${wayMs} ms from the passage to the alert`);

    // What comes behind it is told to everybody: had the first been, it would have been before.
    await pass(SURE, 0.97);
    const ofSure = () => receiver.taken.filter(({ type }) => type === 'alert.opened');
    await until('the other is told', () => ofSure().length > 0 && others.devices.length > 0);
    t.notOk(
      receiver.taken.some((delivery) => delivery.alert.id === alert.id),
      'no webhook',
    );
    t.equal(others.events.filter(({ data }) => data.alert?.id === alert.id).length, 0, 'nor a stream');
    t.equal((await gateway.api('GET', `/alerts/${alert.id}`, { token: views })).status, 404, 'nor a look');
    const listed = async (token: string) =>
      (await gateway.api('GET', '/alerts', { token })).body.items.map(({ id }: { id: string }) => id);
    t.notOk((await listed(views)).includes(alert.id), 'nor a list');

    for (const step of ['sign', 'confirm']) {
      const { status } = await gateway.api('POST', `/alerts/${alert.id}/hit/${step}`, { token: confirms });
      t.equal(status, 200, step);
    }
    await until('it is told to all', () => receiver.taken.some((delivery) => delivery.alert.id === alert.id));
    t.ok((await listed(views)).includes(alert.id));
    t.match((await gateway.api('GET', `/alerts/${alert.id}`, { token: ADMIN_TOKEN })).body, { audience: 'everyone' });
  },
);
