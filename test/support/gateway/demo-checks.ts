import { readFileSync } from 'node:fs';
import type { Test } from 'tap';
import { stillThere } from '../process-tree.ts';
import { decodeStill } from '../streams/players.ts';
import { until } from '../time/until.ts';
import type { Demo } from './demo.ts';

const PICTURE_MS = 60_000;

export interface Alert {
  id: string;
  rule: string;
  device: string;
  condition: string;
  location: { lat: number; lon: number } | null;
  evidence: { id: string; type: string; camera: string; url: string }[];
  stamps: Record<string, string | null>;
}

/** What answers are looked through for secrets. */
const PATHS = [
  'devices?limit=500',
  'streams',
  'subscriptions',
  'users',
  'tokens',
  'audit?limit=500',
  'alerts?desk=all',
];

/** Resolves with one alert of each rule and device as they are first seen. */
export async function alertsOf(demo: Demo, wanted: Record<string, string>, limitMs: number): Promise<Alert[]> {
  const pairs = Object.entries(wanted);
  let found: Alert[] = [];
  const isTold = async (): Promise<boolean> => {
    const { items } = (await demo.get('/alerts?desk=all&limit=100')) as { items: Alert[] };
    found = pairs.flatMap(([rule, device]) => items.find((one) => one.rule === rule && one.device === device) ?? []);
    return found.length === pairs.length;
  };
  await until(`the alerts ${Object.keys(wanted)}`, isTold, limitMs);
  return found;
}

/** It carries its place, its time stamps and a picture that decodes, which somebody may look at only on record. */
export async function alertIsComplete(t: Test, demo: Demo, { id, rule }: Alert): Promise<void> {
  await until(`the picture of ${rule}`, async () => (await demo.get(`/alerts/${id}`)).evidence.length > 0, PICTURE_MS);
  const { location, evidence, stamps }: Alert = await demo.get(`/alerts/${id}`);
  t.ok(location && Math.abs(location.lat - 29.87) < 0.03 && Math.abs(location.lon - 121.54) < 0.03, `${rule}: place`);
  t.same(Object.keys(stamps), ['deviceAt', 'receivedAt', 'decidedAt', 'committedAt']);
  const times = Object.values(stamps).map((at) => Date.parse(at ?? ''));
  const [deviceAt, ...ours] = times;
  t.ok(
    ours.every((at, index) => at >= (ours[index - 1] ?? 0)),
    `${rule}: received, decided, committed in this order`,
  );
  t.equal(Number.isNaN(deviceAt), rule === 'camera-offline@1', `${rule}: only silence has no time of a device`);
  const [picture] = evidence;
  t.equal(picture?.type, 'picture');
  const answer = await demo.fetch(picture?.url ?? '');
  const still = await decodeStill(Buffer.from(await answer.arrayBuffer()));
  t.match(still, { codec: 'mjpeg', width: 640, height: 480 }, `${rule}: the picture decodes`);
  const { items } = await demo.get(`/access-register?device=${picture?.camera}&limit=100`);
  const looks = items.filter((look: { case: string }) => look.case === id);
  t.same(
    looks.map(({ act }: { act: string }) => act).sort(),
    ['evidence', 'view'],
    `${rule}: both looks are on record`,
  );
}

/** The demo's own login and token, and more that the caller knows, are in no process, no answer and no log. */
export async function secretsStaySecret(
  t: Test,
  demo: Demo,
  { more = {}, paths = [] }: { more?: Record<string, string>; paths?: string[] } = {},
): Promise<void> {
  const running = demo.family().map(({ pid }) => `${read(pid, 'cmdline')} ${read(pid, 'environ')}`);
  const urls = [...PATHS, 'access-register?limit=500', ...paths].map((path) => `/api/v1/${path}`);
  const answers = await Promise.all(
    [...urls, '/metrics', '/readyz'].map(async (path) => (await demo.fetch(path)).text()),
  );
  const printed = demo.output.replace(`  Password  ${demo.password}\n`, '');
  const places = { processes: running.join('\n'), answers: answers.join('\n'), log: printed };
  const secrets = { ...more, login: demo.password, token: demo.token };
  for (const [place, text] of Object.entries(places)) {
    t.ok(text.length > 1_000, place);
    for (const [name, secret] of Object.entries(secrets))
      t.notOk(text.includes(secret), `no secret of ${name} in ${place}`);
  }
}

/** Ctrl-C while video is pulled: everything ends. */
export async function interruptEndsAll(t: Test, demo: Demo, goneMs: number): Promise<void> {
  const family = demo.family();
  t.ok(
    family.some(({ program }) => program === 'ffmpeg'),
    'video is still being pulled',
  );
  await demo.interrupt();
  await until('nothing is left', () => stillThere(family).length === 0, goneMs).catch(() => {});
  t.same(stillThere(family), [], 'Ctrl-C leaves no process behind');
  t.ok(demo.output.includes('Stopping ...\n'), 'and says that it stops');
}

function read(pid: number, file: 'cmdline' | 'environ'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return '';
  }
}
