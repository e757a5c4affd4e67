import { randomUUID } from 'node:crypto';
import { HOUR_MS } from '../../../../src/core/clock.ts';
import { until } from '../../time/until.ts';

/** The gateway of a demo, as its owner's token reaches it. */
export interface Gateway {
  url: string;
  token: string;
}

/** What the tour leads to, by what it was given when it was made. */
export interface LivedIn {
  /** Ids of alerts. */
  fire: string;
  plate: string;
  /** Number of a work order. */
  order: string;
  watchlist: string;
  /** Tokens of second screens, each of which counts once, by view. */
  screens: Record<'wall' | 'map' | 'desk', () => Promise<string>>;
}

const CITY = '330200';
const DISTRICT = '330203';
/** What `signIn` of the tests types. */
const PASSWORD = 'correct horse';

/** Those that a wall shows first. */
const RECORDED = ['cam-01', 'cam-02', 'cam-03', 'cam-04'];

/** Who works there: the first leads a shift, the second takes it over. */
export const PEOPLE = {
  officer: { username: 'li.na', name: '李娜', role: 'operator', jurisdiction: DISTRICT },
  commander: { username: 'wang.wei', name: '王伟', role: 'commander', jurisdiction: CITY },
  technician: { username: 'zhao.min', name: '赵敏', role: 'technician', jurisdiction: DISTRICT },
  administrator: { username: 'chen.hao', name: '陈昊', role: 'administrator', jurisdiction: '000000' },
} as const;

export type Person = keyof typeof PEOPLE;

/**
 * Lets people work a while in a demo whose city is connected, so that no view is empty: alerts are taken and told, a
 * shift is handed over, orders are open, a list waits for its approval, a rule was asked for.
 */
export async function liveIn(gateway: Gateway): Promise<LivedIn> {
  const ask = asking(gateway.url, { authorization: `Bearer ${gateway.token}` });
  for (const camera of RECORDED) await ask(`/devices/${camera}/recording`, { mode: 'always' });
  for (const person of Object.values(PEOPLE)) await ask('/users', { ...person, password: PASSWORD });
  const officer = await signedIn(gateway.url, PEOPLE.officer.username);
  const [fire, plate] = await Promise.all([alertOf(ask, 'kiosk-fire'), alertOf(ask, 'plate-on-watchlist')]);
  await officer(`/alerts/${fire}/ack`, {});
  await officer(`/alerts/${fire}/comment`, { text: '已联系物业。 The caretaker is told.' });
  await officer(`/alerts/${fire}/assign`, { to: PEOPLE.officer.username });
  await handOver(ask, officer);
  const order = await orders(ask);
  const watchlist = await lists(officer);
  await ask('/silences', {
    jurisdiction: DISTRICT,
    rule: 'kiosk-full',
    endsAt: after(6),
    reason: '清运车辆检修 The collecting truck is being repaired',
  });
  await officer(`/alerts/${plate}/ack`, {});
  await changeRule(ask, 'kiosk-full');
  return { fire, plate, order, watchlist, screens: await screens(ask, officer) };
}

// biome-ignore lint/suspicious/noExplicitAny: an answer is looked into by who asked for it.
type Ask = (path: string, body?: unknown, method?: string) => Promise<any>;

function asking(url: string, headers: Record<string, string>): Ask {
  return async (path, body, method = body === undefined ? 'GET' : 'POST') => {
    const answer = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
    return text === '' ? null : JSON.parse(text);
  };
}

/** Asks as a person who has signed in. */
async function signedIn(url: string, username: string): Promise<Ask> {
  const answer = await fetch(`${url}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username, password: PASSWORD }),
  });
  const cookie = answer.headers.getSetCookie().map((one) => one.split(';')[0]);
  return asking(url, { cookie: cookie.join('; '), 'x-citywatch': 'console' });
}

function after(hours: number): string {
  return new Date(Date.now() + hours * HOUR_MS).toISOString();
}

async function alertOf(ask: Ask, rule: string): Promise<string> {
  return await until(`an alert of ${rule}`, async () => (await ask(`/alerts?rule=${rule}`)).items[0]?.id as string);
}

/** One shift has a note for the next, which is there already. */
async function handOver(ask: Ask, officer: Ask): Promise<void> {
  const [officers, next] = [[PEOPLE.officer.username], [PEOPLE.commander.username]];
  const times = { startsAt: after(-6), endsAt: after(2) };
  const now = await ask('/duty/shifts', { jurisdiction: DISTRICT, people: officers, ...times });
  const later = { startsAt: now.endsAt, endsAt: after(10) };
  const to = await ask('/duty/shifts', { jurisdiction: DISTRICT, people: next, ...later });
  const note = '天一广场音乐会至 23 时。 There is a concert on Tianyi Square until 23:00.';
  await officer(`/duty/shifts/${now.id}/hand-over`, { to: to.id, note });
}

/** Several, in several states; answers the number of one that a technician has in hand. */
async function orders(ask: Ask): Promise<string> {
  const made: { number: string; version: number }[] = [];
  for (const [device, title] of [
    ['cam-06', '清洁镜头 Clean the lens'],
    ['kiosk-010', '更换满溢传感器 Replace the fill sensor'],
    ['cam-03', '调整角度 Adjust the angle'],
  ])
    made.push(await ask('/orders', { id: randomUUID(), device, title, due: after(30) }));
  const [first] = made;
  const step = { id: randomUUID(), assignee: PEOPLE.technician.name, version: first!.version };
  await ask(`/orders/${first!.number}/steps`, step);
  return first!.number;
}

/** A list that waits for its second person beside that of the demo, which has hits; answers the latter. */
async function lists(officer: Ask): Promise<string> {
  const { id } = await officer('/watchlists', {
    name: '套牌车辆 Cloned plates',
    jurisdiction: DISTRICT,
    reason: '系列套牌案 A series of cloned plates',
    case: 'A-2026-7',
    order: {
      unit: '海曙分局',
      officer: '李伟',
      phone: '0574 1234567',
      category: 'stolen-vehicle',
      level: 2,
      handling: 'intercept',
      until: after(24 * 30),
    },
    entries: [{ plate: '浙B12345', colour: 'blue', reason: '套牌 cloned' }],
  });
  await officer(`/watchlists/${id}/request`, {});
  const { items } = await officer('/watchlists');
  return items.find((one: { id: string }) => one.id !== id).id;
}

/** Asks for another version of a rule, which waits for whoever approves it. */
async function changeRule(ask: Ask, rule: string): Promise<void> {
  const { yaml } = await ask(`/rules/text?rule=${rule}`);
  const next = yaml.replace(/^version: (\d+)$/m, (_: string, version: string) => `version: ${Number(version) + 1}`);
  await ask('/rules', { yaml: next, reason: '每季度复核 Checked each quarter' });
}

async function screens(ask: Ask, officer: Ask): Promise<LivedIn['screens']> {
  const cameras = ['cam-01', 'cam-02', 'cam-03', 'cam-04', 'cam-05', 'cam-07'];
  const wall = await officer('/walls', { name: '广场与桥 Squares and bridges', layout: 4, cameras, shared: true });
  const screen = (view: string) => async () => {
    const more = view === 'map' ? {} : { wall: wall.id };
    const name = `大厅 Hall ${view}`;
    const made = await ask('/displays', { name, view, jurisdiction: DISTRICT, address: '127.0.0.1', ...more });
    return made.token as string;
  };
  return { wall: screen('wall'), map: screen('map'), desk: screen('desk') };
}
