import { beside, tell as tellFigures, type Unit } from './support/figures.ts';
import { round, run, setting } from './support/harness.ts';
import { type AlertCosts, ourAlerts, theirAlerts } from './support/peers/alerts.ts';
import { type CameraCosts, ourCameras, startCameras, theirCameras } from './support/peers/cameras.ts';
import { COMPARED, fixedWork, type Scale, scaleOf } from './support/peers/figures.ts';
import {
  type Costs,
  ourMessages,
  PACES,
  paceName,
  type TheirMessages,
  theirMessages,
} from './support/peers/messages.ts';

/**
 * The gateway beside what a user would pick instead, in one run: messages at 450 and 2,000 a second and as many as get
 * through, clocks right and an hour behind; alerts paced and at once; a watched camera. Mosquitto and Alertmanager are
 * unpacked from Debian's packages where there is apt-get; telegraf and mediamtx are measured if they are on the PATH.
 * For a peer that is not there its figure on another machine is scaled by what the same work takes here and there.
 * `CITYWATCH_BENCH_SECONDS` is the length of each rate (default 60).
 */
const SECONDS = setting('SECONDS', 60);
const HERE = 'measured in this run';
const NONE: Figure = { value: null, from: 'not known' };

await run(async () => {
  process.env.CITYWATCH_BENCH_SECONDS = String(SECONDS);
  const fixedWorkS = fixedWork();
  const alerts = { ours: await ourAlerts(SECONDS), theirs: await theirAlerts(SECONDS) };
  const scale = scaleOf(fixedWorkS, alerts.theirs);
  tellFigures(
    'calibration',
    { 'scaled by': scale.by },
    { 'fixed work': [fixedWorkS, 'CPU s'], factor: [scale.factor, '×'] },
  );
  tellAlerts(alerts.ours, alerts.theirs);
  tellMessages(await ourMessages(), await theirMessages(SECONDS), scale);
  const urls = await startCameras();
  tellCameras(await ourCameras(urls, SECONDS), await theirCameras(urls, SECONDS), scale);
});

/** A figure of a peer and where it comes from. */
interface Figure {
  value: number | null;
  from: string;
}

/** A figure of the other machine that has nothing to do with how fast the processor is, or not that alone. */
function asThere(value: number | undefined): Figure {
  return value === undefined ? NONE : { value, from: 'of another machine, as it is' };
}

function scaled(value: number | undefined, { factor, by }: Scale): Figure {
  return value === undefined ? NONE : { value: round(value * factor), from: `of another machine × ${factor} (${by})` };
}

interface Row {
  work: string;
  unit: Unit;
  us: number | null;
  name: string;
  peer: Figure;
}

function tell({ work, unit, us, name, peer }: Row): void {
  const theirs = peer.value === null ? [] : [beside(name, peer.value)];
  const of = { work, peer: name, 'its figure': peer.from };
  if (us === null) tellFigures('a peer alone', of, { peer: [peer.value, unit] });
  else tellFigures('beside the peers', of, { us: [us, unit, ...theirs] });
}

function tellMessages(ours: Costs, theirs: TheirMessages | null, scale: Scale): void {
  const pair = theirs?.of === 'Mosquitto + Telegraf' ? theirs.costs : null;
  for (const [perSecond, clocks] of PACES) {
    const pace = paceName(perSecond, clocks);
    const work = `${perSecond === 'saturated' ? perSecond : `${perSecond}/s`}, clocks ${clocks}`;
    const us = ours.get(pace);
    const name = 'Mosquitto + Telegraf';
    const known = (COMPARED.pairCpuS as Record<string, number>)[pace];
    const measured = pair?.get(pace);
    const cpu = measured ? { value: measured.cpuSPer100k, from: HERE } : scaled(known, scale);
    tell({ work: `${work}: 100,000 messages`, unit: 'CPU s', us: us?.cpuSPer100k ?? null, name, peer: cpu });
    const alone = theirs?.of === 'Mosquitto alone' ? theirs.costs.get(pace) : null;
    if (alone) {
      const share = { value: alone.cpuSPer100k, from: HERE };
      tell({ work: `${work}: the broker's share of it`, unit: 'CPU s', us: null, name: theirs!.of, peer: share });
    }
    if (perSecond !== 'saturated') {
      const broker = theirs?.costs.get(pace);
      const peer = broker ? { value: broker.p99AckMs, from: HERE } : asThere(COMPARED.mosquittoAckP99Ms);
      tell({ work: `${work}: PUBACK p99`, unit: 'ms', us: us?.p99AckMs ?? null, name: 'Mosquitto, in memory', peer });
    } else {
      const stored = measured?.storedPerS;
      const there = clocks === 'right' ? COMPARED.pairStoredPerS : undefined;
      const peer = stored ? { value: stored, from: HERE } : asThere(there);
      tell({ work: `${work}: stored`, unit: '/s', us: us?.storedPerS ?? null, name, peer });
    }
  }
}

/** Where this machine has no Alertmanager, nothing else measures what it is scaled by. */
function tellAlerts(ours: AlertCosts, theirs: AlertCosts | null): void {
  const rows = [
    ['10/s: webhook p99', 'ms', 'p99Ms', COMPARED.alertP99Ms],
    ['10/s: each', 'CPU ms', 'cpuMs', COMPARED.alertCpuMs],
    ['1,000 at once: webhook p99', 'ms', 'stormP99Ms', COMPARED.stormP99Ms],
    ['1,000 at once: each', 'CPU ms', 'stormCpuMs', COMPARED.stormCpuMs],
  ] as const;
  for (const [work, unit, key, there] of rows) {
    const peer = theirs ? { value: theirs[key], from: HERE } : asThere(there);
    tell({ work: `alerts, ${work}`, unit, us: ours[key], name: 'Alertmanager', peer });
  }
}

function tellCameras(ours: CameraCosts, theirs: CameraCosts | null, scale: Scale): void {
  const figure = (measured: number | undefined, otherwise: Figure): Figure =>
    measured === undefined ? otherwise : { value: measured, from: HERE };
  const cpu = figure(theirs?.cpuPercent, scaled(COMPARED.cameraCpuPercent, scale));
  const name = 'mediamtx';
  tell({ work: 'watched camera: processor', unit: '% of a core', us: ours.cpuPercent, name, peer: cpu });
  const memoryMiB = figure(theirs?.memoryMiB, asThere(COMPARED.cameraMemoryMiB));
  tell({ work: 'watched camera: memory', unit: 'MiB', us: ours.memoryMiB, name, peer: memoryMiB });
  const cold = figure(theirs?.coldMs, asThere(COMPARED.cameraColdMs));
  tell({ work: 'watched camera: first picture cold p50', unit: 'ms', us: ours.coldMs, name, peer: cold });
}
