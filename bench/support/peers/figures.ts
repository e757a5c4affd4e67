import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { round } from '../harness.ts';

/**
 * What the peers took on two quiet cores of another machine, beside the same load: Mosquitto 2.0.11 with Telegraf and
 * InfluxDB 1.6.7, Alertmanager, mediamtx and go2rtc. They stand for a peer that this machine does not have.
 */
export const COMPARED = {
  pairCpuS: { '450 right': 44, '450 an hour behind': 34, '2000 right': 20.5, 'saturated right': 6.1 },
  pairStoredPerS: 23_300,
  mosquittoAckP99Ms: 0.9,
  alertCpuMs: 2.0,
  alertP99Ms: 3.5,
  stormCpuMs: 0.46,
  stormP99Ms: 350,
  cameraCpuPercent: 0.17,
  cameraMemoryMiB: 4.35,
  cameraColdMs: 5_300,
};

/**
 * CPU seconds of {@link fixedWork} on that machine. Nobody measured it there: derived from what it and Alertmanager
 * took in one run here, and what Alertmanager took there.
 */
const FIXED_WORK_THERE_S = 2.2;

export interface Scale {
  /** CPU time here ÷ CPU time there for the same work. */
  factor: number;
  by: string;
}

/** From Alertmanager, where it was measured in this run; else from work that never changes. */
export function scaleOf(fixedWorkS: number, alerts: { cpuMs: number; stormCpuMs: number } | null): Scale {
  if (!alerts) return { factor: round(fixedWorkS / FIXED_WORK_THERE_S), by: 'the fixed work' };
  const ratios = (alerts.cpuMs / COMPARED.alertCpuMs) * (alerts.stormCpuMs / COMPARED.stormCpuMs);
  return { factor: round(Math.sqrt(ratios)), by: 'Alertmanager' };
}

const ROUNDS = 1_000;

/** CPU seconds of work that never changes: JSON, SHA-256 and deflate of the same megabyte again and again. */
export function fixedWork(): number {
  const rows = Array.from({ length: 4_000 }, (_, number) => ({
    id: `bench-${number}`,
    fill_pct: number % 101,
    ok: true,
  }));
  const text = JSON.stringify(rows);
  const pass = (): void => {
    const again = JSON.stringify(JSON.parse(text));
    createHash('sha256').update(again).digest();
    gzipSync(again, { level: 1 });
  };
  for (let round = 0; round < ROUNDS / 10; round += 1) pass();
  const before = process.cpuUsage();
  for (let round = 0; round < ROUNDS; round += 1) pass();
  const { user, system } = process.cpuUsage(before);
  return round((user + system) / 1e6);
}
