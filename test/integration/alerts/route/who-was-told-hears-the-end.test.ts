import t from 'tap';
import type { Severity } from '../../../../src/alerts/rules/rules.ts';
import { ADMIN, startReceiver, webhookAt } from '../../../support/alerts/alert-desk.ts';
import { startAlertsApi } from '../../../support/alerts/alerts-api.ts';
import { HERE } from '../../../support/api/api.ts';
import { until } from '../../../support/time/until.ts';

const { desk, raise } = await startAlertsApi(t);
const RULE = 'kiosk-full';

async function subscribed(name: string, severities: Severity[]) {
  const receiver = await startReceiver(t);
  await desk.subscriptions.create(ADMIN, { name, ...webhookAt(receiver.url), jurisdiction: HERE, severities });
  return receiver;
}

async function alertOf(device: string): Promise<string> {
  const find = async () => (await desk.queries.list(ADMIN, { limit: 1, device, open: true })).items[0];
  return (await until(`the alert of ${device}`, find)).id;
}

t.test('who was told of an alert hears its end, though it has become graver than they asked for', async (t) => {
  const minor = await subscribed('minor', ['minor']);
  const all = await subscribed('all', ['minor', 'severe']);
  const types = ({ received }: typeof minor) => received.map(({ data }) => data.type.slice('alert.'.length));
  await raise('k1', { severity: 'minor', rule: RULE, jurisdiction: HERE });
  const id = await alertOf('k1');
  await raise('k1', { severity: 'severe', rule: RULE, jurisdiction: HERE });
  await until('graver', async () => (await desk.queries.get(ADMIN, id)).severity === 'severe');
  // Another one, that was severe from the beginning.
  await raise('k2', { severity: 'severe', rule: RULE, jurisdiction: HERE });
  const other = await alertOf('k2');
  await desk.actions.close(ADMIN, id, { verdict: 'confirmed' });
  await desk.actions.close(ADMIN, other, { verdict: 'confirmed' });
  await until('both ends', () => types(all).filter((type) => type === 'closed').length === 2);
  await until('the end', () => types(minor).includes('closed'));
  await desk.work.idle();
  t.strictSame(types(minor), ['opened', 'closed'], 'nothing of the other one, and not that it became graver');
  t.match(minor.received.at(-1)?.data.data, { id, severity: 'severe', handling: 'closed' });
});

t.test('what ends again and again was told to have ended once', async (t) => {
  const minor = await subscribed('minor', ['minor']);
  const severe = await subscribed('severe', ['severe']);
  const told = ({ received }: typeof minor) =>
    received.flatMap(({ data }) => (data.data.dedupKey === `${RULE}|k3` ? [data.type.slice('alert.'.length)] : []));
  const says = (how: object) => raise('k3', { severity: 'severe', rule: RULE, jurisdiction: HERE, ...how });
  await says({ severity: 'minor' });
  const id = await alertOf('k3');
  for (const [at, kind] of (['fired', 'cleared', 'fired', 'cleared', 'fired', 'stale'] as const).entries()) {
    await says({ kind });
    await until(`${kind} at the other one`, () => told(severe).length === at + 1);
  }
  await desk.actions.close(ADMIN, id, { verdict: 'confirmed' });
  await until('the end', () => told(minor).includes('closed') && told(severe).includes('closed'));
  await desk.work.idle();
  t.strictSame(told(minor), ['opened', 'cleared', 'closed']);
});
