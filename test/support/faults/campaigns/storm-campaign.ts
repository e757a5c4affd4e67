import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { emptyTally } from '../../gateway/fleet-read-back.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import { lasts } from '../../time/lasting.ts';
import type { FaultResult } from '../results.ts';
import type { StormOrder, StormReport } from '../storm-devices.ts';

const SCRIPT = join(import.meta.dirname, '../storm-devices.ts');
const REGISTERED_AT_ONCE = 16;
/** What the gateway answers of the history at once. */
const READ_AT_ONCE = 2;
/** Times of the first storm; each further one has later ones. */
const BACK_MS = 3_600_000;

type Login = StormOrder['devices'][number];

/** Devices that come back all at once after a power cut, from a process of their own. */
export class Storm {
  readonly #gateway: Gateway;
  readonly #devices: Login[] = [];
  readonly #baseMs = Date.now() - BACK_MS;
  readonly #messages: number;
  #storms = 0;

  constructor(gateway: Gateway, messages: number) {
    this.#gateway = gateway;
    this.#messages = messages;
  }

  async register(count: number): Promise<void> {
    const ids = Array.from({ length: count }, (_, number) => `storm-${number}`);
    await inTurns(ids, REGISTERED_AT_ONCE, async (id) => {
      this.#devices.push({ id, secret: await this.#gateway.register({ id }) });
    });
  }

  /** One storm within a second: what the devices saw. */
  async strike(t: Test): Promise<StormReport> {
    const baseMs = this.#baseMs + this.#storms * this.#messages;
    this.#storms += 1;
    const port = this.#gateway.mqttPort;
    const order: StormOrder = { port, devices: this.#devices, messages: this.#messages, baseMs, withinMs: 1_000 };
    const child = spawn(process.execPath, [...process.execArgv, SCRIPT], { stdio: ['pipe', 'pipe', 'inherit'] });
    t.teardown(() => void child.kill('SIGKILL'));
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    child.stdin.end(JSON.stringify(order));
    const status = await new Promise((resolve) => child.once('close', resolve));
    if (status !== 0) throw new Error(`the devices ended with ${status}`);
    return JSON.parse(said) as StormReport;
  }

  /** Reads back what all storms brought. */
  async result(greenMs: number): Promise<FaultResult> {
    const tally = emptyTally();
    const each = this.#messages * this.#storms;
    const from = new Date(this.#baseMs).toISOString();
    const to = new Date(this.#baseMs + each + 1).toISOString();
    await inTurns(this.#devices, READ_AT_ONCE, async ({ id }) => {
      const path = `/devices/${id}/history?fields=weight_kg&from=${from}&to=${to}&limit=10000`;
      const { points } = await this.#gateway.get(path);
      const there = new Set(points.map(({ at }: { at: string }) => at)).size;
      tally.acked += each;
      tally.stored += there;
      tally.lost += each - there;
      tally.doubled += points.length - there;
    });
    if (tally.lost > 0) tally.wrong.push(`${tally.lost} of ${tally.acked} acknowledged are lost`);
    if (tally.doubled > 0) tally.wrong.push(`${tally.doubled} are there twice`);
    return { times: this.#storms, tally, greenMs };
  }
}

async function inTurns<Item>(items: Item[], atOnce: number, run: (item: Item) => Promise<void>): Promise<void> {
  const rest = items.slice();
  const worker = async () => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await run(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** Resident memory of a process in MiB once it has been quiet for `quietMs`. */
export async function residentMib(pid: number, quietMs: number): Promise<number> {
  await lasts(quietMs);
  const [, kib] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kib) / 1024);
}
