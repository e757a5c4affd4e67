import t from 'tap';
import { listen } from '../../../../src/api/server/server.ts';
import type { DeviceHealth } from '../../../../src/devices/health/book.ts';
import { HealthFeed } from '../../../../src/devices/health/feed.ts';
import type { Health } from '../../../../src/devices/health/judge.ts';
import { HealthList } from '../../../../src/devices/health/list.ts';
import { HealthTally } from '../../../../src/devices/health/tally.ts';
import { bearer, startApi } from '../../../support/api/api.ts';
import { memoryHealth } from '../../../support/api/memory/health.ts';
import { callerIn, kiosk, openRegistry } from '../../../support/devices/registry.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { ManualClock } from '../../../support/time/clock.ts';
import { until } from '../../../support/time/until.ts';

const CITY = callerIn('330200');
const open = await openRegistry(t);
const { registry, behindApi, database, directory, doors, tokens, kinds, jurisdictions } = open;
const healths = new Map<string, DeviceHealth>();
const book = { of: (id: string) => healths.get(id) ?? null, healthOf: (id: string) => healths.get(id)?.health ?? null };
const changes = new HealthFeed({ book, clock: new ManualClock(1_700_000_000_000) });
const tally = new HealthTally({ book, directory, observer: quietObserver() });
const list = new HealthList({ book, tally, directory, database, tree: jurisdictions });
const deviceHealth = { ...memoryHealth(), told: list.told.bind(list), lies: list.lies.bind(list), changes };
const parts = { registry: behindApi, directory: doors, tokens, kinds, jurisdictions, deviceHealth };
const api = await startApi(t, parts);
const { url } = await listen(api.app, { host: '127.0.0.1', port: 0 });

function turn(id: string, health: Health, over: Partial<DeviceHealth> = {}): void {
  const cause = health === 'online' ? null : 'connection-lost';
  healths.set(id, { health, cause, detail: 'lost', sinceMs: 1_700_000_000_000, because: null, ...over });
  changes.judged(id);
}

/** One for each area: a place in the stream belongs to who was given it. */
const known = new Map<string, string>();
async function tokenIn(jurisdiction: string): Promise<string> {
  const { token } = await tokens.create(callerIn('000000'), { name: 'n', role: 'viewer', jurisdiction, purpose: null });
  known.set(jurisdiction, token);
  return token;
}

interface Event {
  id: string;
  event: string;
  data: Record<string, unknown>;
}

/** Reads the stream of an area as long as the test lasts; `last` is what a browser sends when it comes back. */
async function read(jurisdiction: string, query = '', last?: string) {
  const token = known.get(jurisdiction) ?? (await tokenIn(jurisdiction));
  const ended = new AbortController();
  const headers = { ...bearer(token), ...(last === undefined ? {} : { 'last-event-id': last }) };
  const answer = await fetch(`${url}/api/v1/devices/health/stream${query}`, { headers, signal: ended.signal });
  const events: Event[] = [];
  let text = '';
  const reading = (async () => {
    for await (const bytes of answer.body!.pipeThrough(new TextDecoderStream())) {
      text += bytes;
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const [, id, event, data] = /^id: (.*)\nevent: (.*)\ndata: (.*)$/s.exec(text.slice(0, end)) ?? [];
        if (id !== undefined) events.push({ id, event: event!, data: JSON.parse(data!) as Event['data'] });
        text = text.slice(end + 2);
      }
    }
  })().catch(() => {});
  t.teardown(() => ended.abort());
  if (answer.status === 200) await until('it has begun', () => events.length > 0);
  const leave = async (): Promise<void> => {
    ended.abort();
    await reading;
  };
  const told = () => events.slice(1).map(({ data }) => `${data.device} ${data.from} ${data.health}`);
  return { status: answer.status, events, told, leave };
}

t.test('who goes offline and comes back is told to those who may see it, and to nobody else', async (t) => {
  await registry.create(CITY, kiosk({ id: 'site', jurisdiction: '330203' }));
  await registry.create(CITY, kiosk({ id: 'k-1' }));
  await registry.create(CITY, kiosk({ id: 'k-far', jurisdiction: '330203', confirm: true }));
  turn('k-1', 'online');
  const [city, yinzhou] = [await read('330200'), await read('330212')];
  const cameras = await read('330200', '?kind=camera');
  turn('k-1', 'offline', { cause: 'parent', because: 'site' });
  turn('k-far', 'offline');
  turn('k-1', 'offline', { cause: 'silent' });
  turn('k-1', 'online');
  await until('all is told', () => city.told().length === 3 && yinzhou.told().length === 2);
  t.strictSame(city.told(), ['k-1 online offline', 'k-far null offline', 'k-1 offline online']);
  t.strictSame(yinzhou.told(), ['k-1 online offline', 'k-1 offline online']);
  t.match(city.events[1]!.data, {
    because: 'site',
    kind: 'recycling-kiosk',
    jurisdiction: '330212',
    maintenance: false,
  });
  t.equal(yinzhou.events[1]!.data.because, null, 'a parent beyond the border is not named');
  t.strictSame(cameras.told(), []);

  const { version } = await registry.get(CITY, 'k-1');
  await registry.update(CITY, 'k-1', version, { jurisdiction: '330203', confirm: true });
  turn('k-1', 'offline');
  await registry.create(CITY, kiosk({ id: 'k-2', confirm: true }));
  turn('k-2', 'online');
  await until('the last one is told', () => yinzhou.told().length === 3);
  t.strictSame(yinzhou.told()[2], 'k-2 null online', 'what has moved away is told there no more');
});

t.test('who comes back misses nothing, or is told that it did', async (t) => {
  await registry.create(CITY, kiosk({ id: 'b-1', confirm: true }));
  const first = await read('330212');
  turn('b-1', 'offline');
  await until('it is told', () => first.told().length === 1);
  await first.leave();
  turn('b-1', 'online');
  const back = await read('330212', '', first.events[1]!.id);
  await until('it is told', () => back.told().length === 1);
  t.strictSame([back.events[0]!.event, ...back.told()], ['hello', 'b-1 offline online']);
  for (let turns = 0; turns < 40_001; turns += 1) turn('b-1', turns % 2 === 0 ? 'offline' : 'online');
  const late = await read('330212', '', first.events[1]!.id);
  await until('it is told', () => late.events.some(({ event }) => event === 'reset'));
  turn('b-1', 'online');
  await until('it goes on', () => late.told().at(-1) === 'b-1 offline online');
  t.equal((await read('330200', '', first.events[1]!.id)).status, 400, 'a place of somebody else');
});
