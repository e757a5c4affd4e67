import t, { type Test } from 'tap';
import { ADMIN_TOKEN, Gateway } from '../../support/gateway/gateway.ts';
import { type Process, stillThere } from '../../support/process-tree.ts';
import { lentServices } from '../../support/services/shared-database.ts';
import { startCameras } from '../../support/streams/cameras.ts';
import { decodeFile } from '../../support/streams/players.ts';
import { momentsWithin } from '../../support/time/lasting.ts';
import { until } from '../../support/time/until.ts';

const CAMERAS = 20;
const MOMENTS_MS = 6_000;
const SOON_MS = 120_000;
/** What may be missing of what came before a kill, and what a hole without a row may last (promise P5). */
const LOST_MAX_MS = 2_000;
/** A writer that was killed is back in less. */
const GO_ON_MS = 10_000;
/** Between the answer of the API and the kill, fragments of half a second may still come. */
const LAST_MS = 1_000;

type Victim = 'gateway' | 'writer' | 'spawner' | 'ffmpeg';

/** By what cameras are pulled, and what is killed. */
const RUNS: { engine: string; kills: number; victims: Victim[] }[] = [
  { engine: 'auto', kills: 9, victims: ['gateway', 'writer', 'writer'] },
  { engine: 'ffmpeg', kills: 8, victims: ['gateway', 'writer', 'spawner', 'ffmpeg', 'ffmpeg'] },
];

interface Recorded {
  stretches: { from: string; to: string; files: number }[];
  gaps: { from: string; to: string | null; cause: string }[];
}

t.setTimeout(1_500_000);

for (const run of RUNS) {
  const killed = [...new Set(run.victims)].join(', ');
  t.test(`cameras are recorded by ${run.engine} while these are killed: ${killed}`, (t) => survives(t, run));
}

async function survives(t: Test, { engine, kills, victims }: (typeof RUNS)[number]): Promise<void> {
  const gateway = await Gateway.start(t, {
    ...(await lentServices(t)),
    CITYWATCH_CAMERA_NETWORKS: '127.64.0.0/16',
    CITYWATCH_STREAM_ENGINE: engine,
  });
  const ids = await recordedCameras(t, gateway);
  const beganMs = Date.now();
  const someMoment = momentsWithin(MOMENTS_MS);
  const seen: { killedMs: number; last: Map<string, number> }[] = [];
  for (let kill = 0; kill < kills; kill += 1) {
    const sinceMs = seen.at(-1)?.killedMs ?? beganMs;
    // What was killed a moment ago may not have been missed yet.
    await until(
      'all are pulled',
      async () => [...(await lastOf(gateway)).values()].filter((atMs) => atMs > sinceMs).length === CAMERAS,
      SOON_MS,
    );
    await someMoment();
    const victim = victims[kill % victims.length]!;
    // One that was killed a moment ago may not be back.
    const writer = await until('there is a process that writes', () => writerOf(gateway.descendants()));
    const last = await lastOf(gateway);
    const children = gateway.descendants();
    seen.push({ killedMs: Date.now(), last });
    if (victim === 'writer') process.kill(writer.pid, 'SIGKILL');
    else if (victim !== 'gateway') killAll(children.filter(IS[victim]));
    else {
      await gateway.stop('SIGKILL');
      await until('nothing of it is left', () => stillThere(children.filter(isOfVideo)).length === 0);
      await gateway.start();
    }
  }
  const againMs = Date.now() + GO_ON_MS;
  await until(
    'all are recorded again for some seconds',
    async () => {
      const last = [...(await lastOf(gateway)).values()];
      return last.length === CAMERAS && last.every((atMs) => atMs > againMs);
    },
    SOON_MS,
  );
  for (const id of ids) {
    t.equal((await gateway.api('POST', `/devices/${id}/recording`, { body: { mode: 'off' } })).status, 204);
  }
  for (const id of ids) await checkOne(t, gateway, { id, beganMs, seen });
}

const IS = {
  spawner: ({ commandLine }: Process) => commandLine.includes('spawner-process'),
  ffmpeg: ({ program }: Process) => program === 'ffmpeg',
};

/** One may be gone by itself. */
function killAll(processes: readonly Process[]): void {
  for (const { pid } of processes) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {}
  }
}

async function recordedCameras(t: Test, gateway: Gateway): Promise<string[]> {
  const rig = await startCameras(t);
  const ids = Array.from({ length: CAMERAS }, (_, number) => `cam-${number}`);
  for (const [number, id] of ids.entries()) {
    const { xaddr, account } = await rig.start({ id, address: `127.64.90.${1 + number}` });
    await gateway.register({ id, kind: 'camera', onvif: { xaddr, ...account } });
    const body = { mode: 'always', quality: 'sub' };
    t.equal((await gateway.api('POST', `/devices/${id}/recording`, { body })).status, 204);
  }
  return ids;
}

/** Of each camera that is pulled, when its last picture came. */
async function lastOf(gateway: Gateway): Promise<Map<string, number>> {
  const { items } = await gateway.get('/streams');
  const live = (items as { device: string; state: string; lastFragmentAt: string | null }[]).filter(
    ({ state, lastFragmentAt }) => state === 'live' && lastFragmentAt !== null,
  );
  return new Map(live.map(({ device, lastFragmentAt }) => [device, Date.parse(lastFragmentAt!)]));
}

const isOfVideo = ({ commandLine }: Process): boolean => /writer-process|spawner-process|ffmpeg/.test(commandLine);

function writerOf(children: Process[]): Process | undefined {
  return children.find(({ commandLine }) => commandLine.includes('writer-process'));
}

interface Camera {
  id: string;
  beganMs: number;
  seen: { killedMs: number; last: Map<string, number> }[];
}

async function checkOne(t: Test, gateway: Gateway, { id, beganMs, seen }: Camera): Promise<void> {
  const [from, to] = [beganMs, Date.now() + 60_000].map((atMs) => new Date(atMs).toISOString());
  const span = `from=${from}&to=${to}&quality=sub`;
  const found = async (): Promise<Recorded> => await gateway.get(`/streams/${id}/recordings?${span}`);
  await until(
    `the holes of ${id} have ended`,
    async () => (await found()).gaps.every((gap) => gap.to !== null),
    SOON_MS,
  );
  const { stretches, gaps } = await until(`${id} is on the disk`, async () => {
    const now = await found();
    return Date.parse(now.stretches.at(-1)?.to ?? from!) >= seen.at(-1)!.killedMs ? now : null;
  });
  for (const { killedMs, last } of seen) {
    // What had come by then is kept, but for the last two seconds, whichever stretch or hole it lies in.
    const lastMs = last.get(id);
    // It had stopped by itself just then, as cameras do on a loaded machine.
    if (lastMs === undefined) continue;
    const keptToMs = Math.max(...stretches.map((one) => (Date.parse(one.from) <= killedMs ? Date.parse(one.to) : 0)));
    t.ok(keptToMs >= lastMs - LOST_MAX_MS - LAST_MS, `${id}: ${lastMs - keptToMs} ms lost`);
  }
  for (const [number, next] of stretches.slice(1).entries()) {
    const hole = { from: stretches[number]!.to, to: next.from };
    t.ok(
      gaps.some((gap) => Date.parse(gap.from) <= Date.parse(hole.from) && Date.parse(gap.to!) >= Date.parse(hole.to)),
      `${id}: the hole from ${hole.from} to ${hole.to} has a row: ${JSON.stringify(gaps)}`,
    );
  }
  const playlist = (await gateway.api('GET', `/streams/${id}/playback.m3u8?${span}&purpose=routine`)).text;
  const names = new Set(playlist.split('\n').filter((line) => line.startsWith('recordings/')));
  for (const name of names) {
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
    const answer = await fetch(`${gateway.httpUrl}/api/v1/streams/${id}/${name}`, { headers });
    t.equal(await decodeFile(Buffer.from(await answer.arrayBuffer())), '', `${id}: ${name} plays`);
  }
}
