import { existsSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Test } from 'tap';
import { Fleet, type FleetOptions } from '../gateway/fleet.ts';
import type { Tally } from '../gateway/fleet-read-back.ts';
import { Gateway } from '../gateway/gateway.ts';
import { ROOT } from '../root.ts';
import { type Owner, temporaryDirectory } from '../services/services.ts';
import { until } from '../time/until.ts';
import { faultyProgram } from './faulty-program.ts';
import { ORDERS_VARIABLE, type Orders } from './orders.ts';

/** Where the gateway keeps it too. */
const COMPILED = join(ROOT, '.cache', 'compiled');

/** A gateway whose process takes orders to fail. */
export class FaultyGateway {
  readonly gateway: Gateway;
  readonly #path: string;

  private constructor(gateway: Gateway, path: string) {
    this.gateway = gateway;
    this.#path = path;
  }

  /** One that does not run yet. */
  static async prepare(t: Owner, env: Record<string, string> = {}): Promise<FaultyGateway> {
    const path = join(await temporaryDirectory(t), 'orders.json');
    // What is loaded before the gateway would be compiled anew at each start: only the gateway turns the cache on.
    const { program, faults } = await faultyProgram();
    const start = { NODE_OPTIONS: `--import=${pathToFileURL(faults)}`, NODE_COMPILE_CACHE: COMPILED };
    const gateway = await Gateway.prepare(t, { ...start, [ORDERS_VARIABLE]: path, ...env }, program);
    return new FaultyGateway(gateway, path);
  }

  /** One that is ready. */
  static async start(t: Owner, env: Record<string, string> = {}): Promise<FaultyGateway> {
    const faulty = await FaultyGateway.prepare(t, env);
    await faulty.gateway.start();
    return faulty;
  }

  /** Orders for the next start of its process, which counts from there. */
  async orderAtStart(orders: Orders): Promise<void> {
    await writeFile(`${this.#path}.new`, JSON.stringify(orders));
    await rename(`${this.#path}.new`, this.#path);
  }

  /** Orders for the process that runs; resolves once it knows them. */
  async order(orders: Orders): Promise<void> {
    await this.orderAtStart(orders);
    const { pid } = this.gateway;
    process.kill(pid, 'SIGUSR2');
    await until('the gateway has its orders', () => !existsSync(this.#path) || !this.gateway.isRunning);
  }
}

/** A gateway that takes orders, under load. */
export interface Scene {
  faulty: FaultyGateway;
  fleet: Fleet;
}

export async function underLoad(t: Test, env: Record<string, string> = {}, options: FleetOptions = {}): Promise<Scene> {
  return await loadOf(t, await FaultyGateway.start(t, env), options);
}

/** Load for one that is ready. */
export async function loadOf(t: Test, faulty: FaultyGateway, options: FleetOptions = {}): Promise<Scene> {
  const fleet = await Fleet.connect(t, faulty.gateway, { devices: 20, http: 2, perSecond: 500, ...options });
  fleet.go();
  return { faulty, fleet };
}

/** All that was sent is acknowledged and nothing waits any more; resolves with what became of what is new. */
export async function settle({ faulty: { gateway }, fleet }: Scene): Promise<Tally> {
  await fleet.stop(60_000);
  const { balanced } = await gateway.settledLedger();
  const tally = await fleet.newTally();
  if (!balanced) tally.wrong.push('the ledger does not balance');
  return tally;
}
