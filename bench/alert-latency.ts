import { setTimeout as sleep } from 'node:timers/promises';
import { RECEIVER_NETWORKS, WebhookReceiver } from '../test/support/alerts/webhook-receiver.ts';
import { ADMIN_TOKEN, Gateway } from '../test/support/gateway/gateway.ts';
import { until } from '../test/support/time/until.ts';
import { atMost, each, type Goal, tell } from './support/figures.ts';
import { cpuOf, delays, Load, owner, register, run, setting, settle } from './support/harness.ts';
import { type Asked, askedOf, between, countInPostgres, mostAsked } from './support/servers.ts';

/**
 * What an alert costs and how long it takes from the moment a kiosk publishes smoke: to who follows the log (server-
 * sent events) and to the receiver of a signed webhook. Each alert has two entries in the log, opened and picture, and
 * both are delivered. First ten fires a second, each of another kiosk; then a thousand at once. Processor time is told
 * by process, with that of the same gateway when nothing happens beside it. `CITYWATCH_BENCH_SECONDS` is the length of
 * the paced part (default 60). Where `CITYWATCH_BENCH_PROFILE` names a folder, the gateway leaves its processor profile
 * there, and the statements that were run most often are printed.
 */
const SECONDS = setting('SECONDS', 60);
const PER_SECOND = 10;
const STORM = 1_000;
const IDLE_S = 20;
const SEEN_WITHIN_MS = 60_000;
const STATEMENTS_SHOWN = 40;
const ENTRIES_OF_AN_ALERT = 2;
const PACED = `${PER_SECOND} fires a second`;
const ASKED_BY = 'issue 10';

const profile = process.env.CITYWATCH_BENCH_PROFILE;
/** When the opening of each device's alert came by server-sent events. */
const seen = new Map<string, number>();

await run(async () => {
  const gateway = await Gateway.prepare(owner, { CITYWATCH_WEBHOOK_NETWORKS: RECEIVER_NETWORKS });
  await countInPostgres(gateway);
  if (profile) gateway.env.NODE_OPTIONS = `--cpu-prof --cpu-prof-dir=${profile}`;
  await gateway.start();
  const receiver = await WebhookReceiver.subscribe(owner, gateway);
  const fires = SECONDS * PER_SECOND;
  const devices = await register(gateway, fires + STORM);
  const load = await Load.connect(gateway, devices);
  const ids = devices.map(({ id }) => id);
  void follow(gateway);
  await settle();
  await alarm({ gateway, receiver, ids: ids.slice(fires, fires + 1), burn: () => load.burn(fires, fires + 1, null) });
  await settle();
  const idle = await idleCpu(gateway);
  const paced = { gateway, receiver, ids: ids.slice(0, fires), burn: () => load.burn(0, fires, PER_SECOND) };
  told(PACED, await alarm(paced), idle);
  await settle();
  const storm = { gateway, receiver, ids: ids.slice(fires + 1), burn: () => load.burn(fires + 1, ids.length, null) };
  told(`${STORM - 1} fires at once`, await alarm(storm), idle);
  if (receiver.refused.length > 0) throw new Error(`${receiver.refused.length} deliveries were refused`);
  await gateway.stop('SIGTERM');
});

interface Fires {
  gateway: Gateway;
  receiver: WebhookReceiver;
  /** Of the kiosks that burn, in their order. */
  ids: string[];
  burn(): Promise<number[]>;
}

type Measured = Awaited<ReturnType<typeof alarm>>;

async function alarm({ gateway, receiver, ids, burn }: Fires) {
  receiver.taken.length = 0;
  seen.clear();
  const before = { cpu: cpuOf(gateway), asked: await askedOf(gateway), atMs: performance.now() };
  const publishedMs = await burn();
  const isOver = () => receiver.taken.length >= ENTRIES_OF_AN_ALERT * ids.length && seen.size >= ids.length;
  await until('every alert is told', isOver, SEEN_WITHIN_MS);
  const cpu = Object.entries(cpuOf(gateway)).map(([name, used]) => [name, used - (before.cpu[name] ?? 0)] as const);
  const seconds = (performance.now() - before.atMs) / 1000;
  const published = new Map(ids.map((id, index) => [id, publishedMs[index] ?? 0]));
  const opened = receiver.taken.filter(({ type }) => type === 'alert.opened');
  const tookMs = {
    'finding to webhook': opened.map(({ alert, atMs }) => atMs - Date.parse(alert.stamps.decidedAt)),
    'publish to webhook': opened.map(({ alert, atMs }) => atMs - (published.get(alert.device) ?? 0)),
    'publish to server-sent event': ids.map((id) => (seen.get(id) ?? 0) - (published.get(id) ?? 0)),
  };
  return { alerts: ids.length, cpu, seconds, tookMs, asked: [before.asked, await askedOf(gateway)] as [Asked, Asked] };
}

/** Processor seconds a second of each process while nothing happens. */
async function idleCpu(gateway: Gateway): Promise<Record<string, number>> {
  const before = cpuOf(gateway);
  await sleep(IDLE_S * 1000);
  const after = Object.entries(cpuOf(gateway));
  return Object.fromEntries(after.map(([name, used]) => [name, (used - (before[name] ?? 0)) / IDLE_S]));
}

function told(load: string, { alerts, cpu, seconds, tookMs, asked }: Measured, idle: Record<string, number>): void {
  const ms = (used: number): number => (used * 1000) / alerts;
  const isPaced = load === PACED;
  const all = ms(cpu.reduce((sum, [, used]) => sum + used, 0));
  const ofIdle = ms(Object.values(idle).reduce((sum, each) => sum + each, 0) * seconds);
  tell(
    'processor time of an alert',
    { load, alerts },
    {
      all: [all, 'CPU ms', atMost(isPaced ? 15 : 3, ASKED_BY)],
      'doing nothing meanwhile': [ofIdle, 'CPU ms'],
      ...each(Object.fromEntries(cpu.map(([name, used]) => [name, ms(used)])), 'CPU ms'),
    },
  );
  const { statements, commands } = between(...asked);
  tell(
    'asked for an alert',
    { load },
    {
      'statements of PostgreSQL': [statements / alerts, 'count'],
      'commands of Redis': [commands / alerts, 'count'],
    },
  );
  const goals: Record<string, Goal> = { 'finding to webhook': atMost(isPaced ? 25 : 1_300, ASKED_BY) };
  for (const [way, times] of Object.entries(tookMs)) {
    tell(way, { load }, delays(times, ...(goals[way] ? [goals[way]] : [])));
  }
  if (!profile) return;
  for (const row of mostAsked(...asked, STATEMENTS_SHOWN))
    process.stdout.write(`${JSON.stringify({ load, ...row })}\n`);
}

async function follow({ httpUrl }: Gateway): Promise<void> {
  const stop = new AbortController();
  owner.teardown(() => stop.abort());
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  const { body } = await fetch(`${httpUrl}/api/v1/alerts/stream`, { headers, signal: stop.signal });
  let rest = '';
  try {
    for await (const chunk of body!.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      const atMs = Date.now();
      for (const line of lines) {
        if (!line.startsWith('data: ')) continue;
        const { type, alert } = JSON.parse(line.slice(6));
        if (type === 'alert.opened') seen.set(alert.device, atMs);
      }
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  }
}
