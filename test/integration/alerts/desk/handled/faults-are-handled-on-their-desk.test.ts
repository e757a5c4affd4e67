import t from 'tap';
import { HOUR_MS, MINUTE_MS } from '../../../../../src/core/clock.ts';
import { startReceiver } from '../../../../support/alerts/alert-desk.ts';
import { startAlertsApi } from '../../../../support/alerts/alerts-api.ts';
import { HERE, TOKENS } from '../../../../support/api/api.ts';
import { ShiftedClock } from '../../../../support/time/shifted-clock.ts';
import { until } from '../../../../support/time/until.ts';

const clock = new ShiftedClock();
const { ask, raise, alertOf } = await startAlertsApi(t, { clock });

interface Alert {
  id: string;
  handling: string;
  condition: string;
}

const FAULT = { rule: 'camera-offline', class: 'fault' } as const;
const told = (device: string, kind: 'fired' | 'cleared') => raise(device, { ...FAULT, kind, atMs: clock.nowMs() });
const asTechnician = { token: TOKENS.technician };
const now = async (id: string) => (await ask('GET', `/alerts/${id}`)).body as Alert;

async function faultOf(device: string): Promise<string> {
  await told(device, 'fired');
  const list = async () => (await ask('GET', `/alerts?device=${device}&open=true`)).body as { items: Alert[] };
  return (await until('the fault', async () => (await list()).items[0])).id;
}

async function clear(device: string, id: string): Promise<void> {
  await told(device, 'cleared');
  await until('it is over', async () => (await now(id)).condition === 'cleared');
}

t.test('a technician handles what is on the maintenance desk, and nothing else', async (t) => {
  const fault = await faultOf('kiosk-1');
  const fire = await alertOf('kiosk-2');
  const deed = (id: string, name: string, payload?: object) =>
    ask('POST', `/alerts/${id}/${name}`, { ...asTechnician, ...(payload && { payload }) });
  t.match(await deed(fault, 'ack'), { status: 200, body: { handling: 'acked', ackedBy: 'technician' } });
  t.match(await deed(fault, 'comment', { text: 'fuse blown' }), { status: 200 });
  t.match(await deed(fault, 'dispatch', { unit: 'van 3' }), { status: 200, body: { unit: 'van 3' } });
  t.match(await deed(fire, 'ack'), { status: 404 });
  t.match(await deed(fire, 'close', { verdict: 'confirmed' }), { status: 404 });
  t.match(await now(fire), { handling: 'new' });
  t.match(await deed(fault, 'close', { verdict: 'confirmed' }), { status: 200, body: { handling: 'closed' } });
});

t.test('so they do with many at once, in the background too', async (t) => {
  const fault = await faultOf('kiosk-many');
  const fire = await alertOf('kiosk-burns');
  const payload = { filter: { jurisdiction: HERE }, action: { does: 'ack' } };
  const { body } = await ask('POST', '/alerts/bulk/preview', { ...asTechnician, payload });
  t.match(body, { count: 1, alerts: [{ id: fault }] });
  const { token } = body as { token: string };
  const bulk = await ask('POST', '/alerts/bulk', { ...asTechnician, payload: { ...payload, token } });
  t.match(bulk, { status: 200, body: { state: 'done', done: 1 } });
  t.match(await now(fault), { handling: 'acked', ackedBy: 'technician' });
  t.match(await now(fire), { handling: 'new' });
  const police = { ...payload, filter: { desk: 'police' } };
  t.match(await ask('POST', '/alerts/bulk/preview', { ...asTechnician, payload: police }), { status: 403 });
});

t.test('a fault that is over and that nobody has closes itself half an hour later', async (t) => {
  const receiver = await startReceiver(t);
  const payload = { name: 'works', url: receiver.url, jurisdiction: HERE, classes: ['fault'] };
  t.equal((await ask('POST', '/subscriptions', { payload })).status, 201);
  const fault = await faultOf('kiosk-3');
  await clear('kiosk-3', fault);
  clock.pass(29 * MINUTE_MS);
  t.match(await now(fault), { handling: 'new' });
  clock.pass(2 * MINUTE_MS);
  await until('it is closed', async () => (await now(fault)).handling === 'closed');
  t.match(await now(fault), { closedBy: 'citywatch', verdict: 'no_action', condition: 'cleared' });
  const isTold = () => receiver.once().some(({ data }) => data.type === 'alert.closed' && data.data.id === fault);
  await until('its receivers are told', isTold);
  t.not(await faultOf('kiosk-3'), fault, 'the next one is another alert');
});

t.test('not where it comes again, where somebody has it, and where it is of the police desk', async (t) => {
  const [again, had, fire] = [await faultOf('kiosk-4'), await faultOf('kiosk-5'), await alertOf('kiosk-6')];
  await clear('kiosk-4', again);
  await told('kiosk-4', 'fired');
  await until('it is back', async () => (await now(again)).condition === 'active');
  await ask('POST', `/alerts/${had}/ack`, { ...asTechnician, payload: { minutes: 120 } });
  await clear('kiosk-5', had);
  await raise('kiosk-6', { kind: 'cleared', atMs: clock.nowMs() });
  await until('it is over', async () => (await now(fire)).condition === 'cleared');
  clock.pass(HOUR_MS);
  const last = await faultOf('kiosk-7');
  await clear('kiosk-7', last);
  clock.pass(31 * MINUTE_MS);
  await until('one behind them is closed', async () => (await now(last)).handling === 'closed');
  t.match(await now(again), { handling: 'new', condition: 'active' });
  t.match(await now(had), { handling: 'acked' });
  t.match(await now(fire), { handling: 'new', condition: 'cleared' });
  clock.pass(HOUR_MS);
  await until('what was forgotten is closed', async () => (await now(had)).handling === 'closed');
});
