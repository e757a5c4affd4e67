import t from 'tap';
import { Gateway } from '../../support/gateway/gateway.ts';
import { lentInflux, lentServices } from '../../support/services/shared-database.ts';
import { until } from '../../support/time/until.ts';

// A busy machine takes several times what a quiet one does.
t.setTimeout(240_000);

const ZONE = '330203z-ruanjianyuan';
const SHIFT_MS = 1_500;

const gateway = await Gateway.start(t, { ...(await lentServices(t)), ...lentInflux(t) });

async function made(path: string, body: object): Promise<void> {
  const { status, text } = await gateway.api('POST', path, { body });
  if (status !== 201) throw new Error(`${path} answered ${status}: ${text}`);
}

async function tilts(id: string, secret: string): Promise<void> {
  const body = { ts: Date.now(), id: `${id}-tilted`, values: { tilt_deg: 30 } };
  t.equal((await gateway.api('POST', `/devices/${id}/telemetry`, { body, token: `${id}:${secret}` })).status, 202);
}

const alertOf = (device: string) =>
  until(`the alert of ${device}`, async () => (await gateway.get(`/alerts?device=${device}`)).items[0]);

t.test('what happens while a shift is over is told further up at once, also behind a kill', async (t) => {
  await made('/jurisdictions', { code: ZONE, name: { zh: '软件园' } });
  const person = { name: 'Li', role: 'operator', jurisdiction: '330203', password: 'a long enough phrase' };
  await made('/users', { username: 'li', ...person });
  const secrets = new Map<string, string>();
  for (const [id, jurisdiction] of [
    ['kiosk-in', ZONE] as const,
    ['kiosk-out', '330212'] as const,
    ['kiosk-late', ZONE] as const,
  ]) {
    secrets.set(id, await gateway.register({ id, jurisdiction }));
  }
  const [startsAt, endsAt] = [0, SHIFT_MS].map((ms) => new Date(Date.now() + ms).toISOString());
  const shift = { jurisdiction: ZONE, people: ['li'], startsAt, endsAt };
  await made('/duty/shifts', shift);
  const wrong = await gateway.api('POST', '/duty/shifts', {
    body: { ...shift, jurisdiction: '330212', people: ['nobody'] },
  });
  t.match(wrong, { status: 400, body: { issues: [{ path: 'people.0', message: /GET \/duty\/people/ }] } });

  const desk = async () => (await gateway.get('/duty')).items[0];
  await until('nobody is on duty', async () => (await desk()).state === 'empty');
  await tilts('kiosk-in', secrets.get('kiosk-in')!);
  await tilts('kiosk-out', secrets.get('kiosk-out')!);
  t.match(await alertOf('kiosk-in'), { severity: 'moderate', level: 'county' });
  t.match(await alertOf('kiosk-out'), { severity: 'moderate', level: 'station', climbsAt: /Z$/ }, 'it has no roster');

  await gateway.stop('SIGKILL');
  await gateway.start();
  t.match(await desk(), { state: 'empty', level: 'station' });
  t.match(await alertOf('kiosk-in'), { level: 'county' });
  await tilts('kiosk-late', secrets.get('kiosk-late')!);
  t.match(await alertOf('kiosk-late'), { level: 'county' });
});
