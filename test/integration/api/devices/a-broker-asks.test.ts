import t from 'tap';
import { DEVICE_SECRET, KIOSK, startApi } from '../../../support/api/api.ts';
import { API_SETTINGS } from '../../../support/api/api-settings.ts';

const SECRET = 'shared-with-the-broker-0123456789';
const settings = { ...API_SETTINGS, brokerSecret: SECRET };

t.test('a broker learns who a device is and what it may do', async (t) => {
  const { call } = await startApi(t, { settings });
  const ask = async (question: 'auth' | 'acl', payload: object) => {
    const headers = { 'x-broker-secret': SECRET };
    const answer = await call({ method: 'POST', url: `/api/v1/broker/${question}`, headers, payload });
    return answer.status === 200 ? (answer.body as { result?: string }).result : answer.status;
  };
  const login = { clientid: KIOSK, username: KIOSK, password: DEVICE_SECRET };
  t.equal(await ask('auth', login), 'allow');
  t.equal(await ask('auth', { ...login, password: 'wrong' }), 'deny');
  t.equal(await ask('auth', { ...login, clientid: 'kiosk-2' }), 'deny');
  t.equal(await ask('auth', { ...login, clientid: 'citywatch', username: 'citywatch' }), 'deny');
  t.equal(await ask('auth', { clientid: KIOSK, username: KIOSK }), 400);
  const may = (action: string, topic: string, who = KIOSK) =>
    ask('acl', { clientid: who, username: who, action, topic });
  for (const channel of ['telemetry', 'event', 'state', 'reply']) {
    t.equal(await may('publish', `cw/v1/${KIOSK}/${channel}`), 'allow', channel);
    t.equal(await may('subscribe', `cw/v1/${KIOSK}/${channel}`), 'deny', channel);
  }
  t.equal(await may('subscribe', `cw/v1/${KIOSK}/command`), 'allow');
  t.equal(await may('publish', `cw/v1/${KIOSK}/command`), 'deny');
  for (const topic of ['#', 'cw/v1/+/command', 'cw/v1/camera-1/command', `$share/g/cw/v1/${KIOSK}/command`]) {
    t.equal(await may('subscribe', topic), 'deny', topic);
  }
  t.equal(await may('publish', 'cw/v1/camera-1/telemetry'), 'deny');
  t.equal(await may('publish', 'cw/v1/nobody/telemetry', 'nobody'), 'deny');
});

t.test('nobody else may ask', async (t) => {
  const { call } = await startApi(t, { settings });
  const payload = { clientid: KIOSK, username: KIOSK, password: DEVICE_SECRET };
  for (const headers of [{}, { 'x-broker-secret': 'wrong' }, { 'x-broker-secret': '' }]) {
    t.equal((await call({ method: 'POST', url: '/api/v1/broker/auth', headers, payload })).status, 401);
  }
  const without = await startApi(t);
  const headers = { 'x-broker-secret': SECRET };
  t.equal((await without.call({ method: 'POST', url: '/api/v1/broker/auth', headers, payload })).status, 404);
});
