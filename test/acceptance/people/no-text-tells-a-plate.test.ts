import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { HOUR_MS } from '../../../src/core/clock.ts';
import { EventReader } from '../../support/alerts/event-reader.ts';
import { RECEIVER_NETWORKS, WebhookReceiver } from '../../support/alerts/webhook-receiver.ts';
import { ADMIN_TOKEN, Gateway } from '../../support/gateway/gateway.ts';
import { until } from '../../support/time/until.ts';

// A busy machine takes several times what a quiet one does.
t.setTimeout(240_000);

const PASSWORD = 'a long enough phrase';

const gateway = await Gateway.start(t, {
  CITYWATCH_LOG_LEVEL: 'trace',
  CITYWATCH_WEBHOOK_NETWORKS: RECEIVER_NETWORKS,
});
const receiver = await WebhookReceiver.subscribe(t, gateway);
const port = Number(new URL(gateway.httpUrl).port);
const stream = await EventReader.greeted(t, port, ADMIN_TOKEN);

/** What no mask leaves of each plate that was typed, and where it was. */
const typed = new Map<string, string>();
const answers: string[] = [];

/** A plate of its own for one place. */
function plate(where: string): string {
  const rest = `7Q${typed.size + 10}X`;
  typed.set(rest, where);
  return `浙B·${rest}`;
}

const says = (where: string) => `seen near ${plate(where)}, driver gone`;

async function ask(method: string, path: string, request: Parameters<Gateway['api']>[2] = {}) {
  const answer = await gateway.api(method, path, request);
  if (answer.status >= 300) throw new Error(`${method} ${path} answered ${answer.status}: ${answer.text}`);
  answers.push(`${method} ${path} ${JSON.stringify([...answer.headers])} ${answer.text}`);
  return answer.body;
}

const did = (method: string, path: string, body: object) => ask(method, path, { body });

function nowhere(t: Test, place: string, text: string): void {
  t.ok(text.length > 100, `${place}: ${text.length} characters`);
  const told = [...typed].flatMap(([rest, where]) => (text.includes(rest) ? [where] : []));
  t.same(told, [], place);
}

/** A person of the desk, and the cookie of their session. */
async function signUp(username: string): Promise<string> {
  await did('POST', '/users', {
    username,
    name: username,
    password: PASSWORD,
    role: 'operator',
    jurisdiction: '330200',
  });
  const login = { token: '', body: { username, password: PASSWORD }, headers: { 'x-citywatch': 'console' } };
  const { status, headers, text } = await gateway.api('POST', '/session', login);
  if (status !== 200) throw new Error(text);
  return headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ');
}

/** An alert that another system raises, with plates wherever it may write something. */
async function raised(): Promise<{ id: string; occurrences: number }> {
  const source = { id: 'parking', name: 'Parking', jurisdiction: '330200' };
  const { routingKey } = (await gateway.api('POST', '/event-sources', { body: source })).body;
  const event = {
    routing_key: routingKey,
    event_action: 'trigger',
    dedup_key: `blocked ${plate('the key of an event')}`,
    payload: {
      summary: says('the summary of an event'),
      source: says('the source of an event'),
      severity: 'error',
      component: says('the component of an event'),
      custom_details: { [plate('a key of the details')]: 1, cars: [{ note: says('the details') }] },
    },
  };
  for (let time = 0; time < 2; time += 1) {
    const { status, body } = await gateway.api('POST', '/events/v2/enqueue', { body: event, token: '' });
    t.match(
      { status, body },
      { status: 202, body: { dedup_key: event.dedup_key } },
      'its sender gets back its own key',
    );
  }
  return await until('its alert', async () => (await gateway.get('/alerts?rule=outside-event')).items[0]);
}

t.test('a plate is typed wherever something may be written', async (t) => {
  await gateway.register({ id: 'kiosk' });
  const drilled = { device: 'kiosk', rule: 'kiosk-full', note: says('the note of a drill') };
  const drill = await did('POST', '/alerts/drills', drilled);
  const { id, occurrences } = await raised();
  t.equal(occurrences, 1, 'the same event again is none');

  const act = (what: string, body: object = {}) => did('POST', `/alerts/${id}/${what}`, body);
  await act('comment', { text: says('a comment') });
  await act('dispatch', { unit: `patrol ${plate('a unit that is sent')}` });
  await act('arrive', { unit: `patrol ${plate('a unit that is there')}` });
  await act('feedback', { text: says('feedback') });
  for (const hides of ['snooze', 'shelve']) {
    await act(hides, { minutes: 5, reason: says(`the reason of a ${hides}`) });
    await act('unshelve');
  }
  await act('close', { verdict: 'no_action', text: says('a close') });
  await act('reopen', { text: says('a reopen') });

  const filter = { rule: 'outside-event' };
  const action = { does: 'comment', text: says('a comment on many') };
  const { token } = await did('POST', '/alerts/bulk/preview', { filter, action });
  const bulk = await did('POST', '/alerts/bulk', { filter, action, token });
  t.match(await ask('GET', `/alerts/bulk/${bulk.id}`), { state: 'done', done: 1 });

  const incident = await did('POST', '/incidents', { title: says('the title of an incident'), alerts: [id, drill.id] });
  await did('POST', `/incidents/${incident.id}/close`, { verdict: 'drill', text: says('the close of an incident') });
  for (const path of ['', '/history']) await ask('GET', `/incidents/${incident.id}${path}`);

  const at = (ms: number) => new Date(Date.now() + ms).toISOString();
  const silent = {
    jurisdiction: '330203',
    kind: 'camera',
    endsAt: at(HOUR_MS),
    reason: says('the reason of a silence'),
  };
  const silence = await did('POST', '/silences', silent);
  await ask('GET', `/silences/${silence.id}`);

  const headers = { cookie: await signUp('li'), 'x-citywatch': 'console' };
  const shift = (fromMs: number) => {
    const times = { startsAt: at(fromMs), endsAt: at(fromMs + HOUR_MS) };
    return did('POST', '/duty/shifts', { jurisdiction: '330203', people: ['li'], ...times });
  };
  const [from, to] = [await shift(0), await shift(HOUR_MS)];
  const body = { to: to.id, note: says('a hand-over') };
  const handOver = await ask('POST', `/duty/shifts/${from.id}/hand-over`, { token: '', headers, body });
  await ask('GET', `/duty/hand-overs/${handOver.id}`);

  const lists = ['/alerts?parts=true', '/alerts/events?limit=500', '/incidents', '/silences?ended=true'];
  for (const path of [...lists, '/duty/hand-overs', '/audit?limit=500', `/alerts/${id}`, `/alerts/${id}/history`]) {
    await ask('GET', path);
  }
  const { version } = await gateway.get(`/alerts/${id}`);
  const told = () => [receiver.taken.map(({ alert }) => alert), stream.events.map(({ data }) => data.alert)];
  const isLast = (alert: object | undefined) => JSON.stringify(alert ?? {}).includes(`"version":${version}`);
  const heard = () => told().every((alerts) => alerts.some((alert) => alert?.id === id && isLast(alert)));
  await until('both were told of the end', heard, 60_000);
});

t.test('and nobody is told it whole: the mask stands in its place', async (t) => {
  t.equal(typed.size, 20, `${typed.size} places`);
  const answered = answers.join('\n');
  const masked = [...typed].filter(([rest]) => !answered.includes(`浙B***${rest.slice(-2)}`));
  t.same(
    masked.map(([, where]) => where),
    [],
    'each is told masked',
  );
  nowhere(t, 'answers', answered);
  nowhere(t, 'webhooks', JSON.stringify(receiver.taken));
  nowhere(t, 'the stream', JSON.stringify(stream.events));
});

t.test('neither log nor tables tell it', async (t) => {
  await gateway.stop('SIGTERM');
  nowhere(t, 'the log', gateway.output);
  // Where the gateway is root, the tables stand elsewhere, for their own user.
  const tables = filesBelow(realpathSync(join(gateway.directory, 'postgres')));
  const stored = tables.map((path) => readFileSync(path, 'latin1')).join('\n');
  t.ok(stored.includes(Buffer.from('浙B***').toString('latin1')), 'the masked ones stand in the tables');
  nowhere(t, 'tables', stored);
});

function filesBelow(directory: string): string[] {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
