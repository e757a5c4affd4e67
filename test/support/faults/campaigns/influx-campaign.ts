import type { Test } from 'tap';
import { add, emptyTally } from '../../gateway/fleet-read-back.ts';
import { type Fault, FaultProxy } from '../../network/fault-proxy.ts';
import { Influxd } from '../../telemetry/influxd.ts';
import { lasts } from '../../time/lasting.ts';
import { until } from '../../time/until.ts';
import { type Scene, settle, underLoad } from '../faulty-gateway.ts';
import type { FaultResult } from '../results.ts';

/** A gateway under load whose InfluxDB is ours to harm, behind a proxy that harms requests. */
export interface InfluxScene extends Scene {
  influxd: Influxd;
  proxy: FaultProxy;
}

export interface InfluxFault {
  begin(scene: InfluxScene): Promise<void> | void;
  end(scene: InfluxScene): Promise<void> | void;
  lastsMs: number;
}

/** A share of the wanted rate that must still be acknowledged meanwhile; the machine is busy with other things. */
const ACKED_SHARE_MIN = 0.5;

export async function underLoadBeforeInflux(t: Test, perSecond: number): Promise<InfluxScene> {
  const influxd = await Influxd.start(t);
  const proxy = await FaultProxy.start(t, influxd.url);
  const login = { INFLUX_USERNAME: influxd.username, INFLUX_PASSWORD: influxd.password };
  return { influxd, proxy, ...(await underLoad(t, { INFLUX_URL: proxy.url, ...login }, { perSecond })) };
}

/** Every request to InfluxDB fails in this way. */
export function always(fault: Fault, lastsMs: number): InfluxFault {
  const begin = ({ proxy }: InfluxScene) => {
    proxy.always = fault;
  };
  const end = ({ proxy }: InfluxScene) => {
    proxy.always = null;
  };
  return { begin, end, lastsMs };
}

/** It is killed, and started at the end. */
export function down(lastsMs: number): InfluxFault {
  return { begin: ({ influxd }) => influxd.kill(), end: ({ influxd }) => influxd.start(), lastsMs };
}

/** Acknowledgements go on meanwhile, and afterwards everything arrives once. */
export async function harmInflux(scene: InfluxScene, fault: InfluxFault, times = 1): Promise<FaultResult> {
  const { fleet, faulty, proxy } = scene;
  const tally = emptyTally();
  let greenMs = 0;
  for (let time = 0; time < times; time += 1) {
    fleet.go();
    await lasts(1_000);
    const before = fleet.acked;
    const beganMs = performance.now();
    await fault.begin(scene);
    await lasts(fault.lastsMs);
    const share = (fleet.acked - before) / ((fleet.perSecond * (performance.now() - beganMs)) / 1000);
    if (share < ACKED_SHARE_MIN)
      tally.wrong.push(`only ${share.toFixed(2)} of the messages were acknowledged meanwhile`);
    await fault.end(scene);
    const endedMs = performance.now();
    await faulty.gateway.untilGreen();
    greenMs = Math.max(greenMs, performance.now() - endedMs);
    proxy.bodies.length = 0;
  }
  add(tally, await settle(scene));
  return { times, tally, greenMs };
}

const ODD = 'odd-field';
const ODD_READINGS = 5;

/** A few readings of a batch have a field that is text already: these alone are put aside, with the reason. */
export async function refuseSomeLines(scene: InfluxScene): Promise<FaultResult> {
  const { faulty, influxd, fleet } = scene;
  const { gateway } = faulty;
  fleet.go();
  await influxd.write('citywatch', 'raw', `recycling-kiosk,dev=other rssi_dbm="loud" ${Date.now()}000000`);
  const token = `${ODD}:${await gateway.register({ id: ODD })}`;
  const tally = emptyTally();
  for (let number = 0; number < ODD_READINGS; number += 1) {
    const body = { ts: Date.now() + number, values: { rssi_dbm: -70 } };
    const { body: answer } = await gateway.api('POST', `/devices/${ODD}/telemetry`, { body, token });
    const outcome = async () => (await gateway.get(`/messages?id=${answer.receipt}`)).items[0]?.stages.at(-1)?.outcome;
    await until('its outcome is told', async () => (await outcome()) !== 'waiting');
    tally.acked += 1;
    if ((await outcome()) === 'dead-lettered') tally.explained += 1;
    else tally.wrong.push(`${answer.receipt} is told as ${await outcome()}`);
  }
  await gateway.untilGreen();
  add(tally, await settle(scene));
  return { times: ODD_READINGS, tally, greenMs: 0 };
}
