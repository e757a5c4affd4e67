import { readFileSync, rmSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { failAt, watchDisk } from './disk.ts';
import { killAt, watchSteps } from './killing.ts';
import { watchAlertSteps } from './killing-alerts.ts';
import { ORDERS_VARIABLE, type Orders } from './orders.ts';
import { setWallClock, watchWallClock } from './wall-clock.ts';

/**
 * Loaded into the gateway's process before the gateway (`--import`), so that nothing in the gateway knows of it. Reads
 * its orders at the start and whenever it gets SIGUSR2.
 */
function main(path: string): void {
  watchWallClock();
  watchDisk();
  watchSteps();
  watchAlertSteps();
  obey(path);
  process.on('SIGUSR2', () => obey(path));
}

function obey(path: string): void {
  let orders: Orders;
  try {
    orders = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return;
  }
  if (orders.kill) killAt(orders.kill);
  if (orders.disk) failAt(orders.disk);
  if (orders.clockMs !== undefined) setWallClock(orders.clockMs);
  rmSync(path);
}

const path = process.env[ORDERS_VARIABLE];
if (isMainThread && process.argv[2] === 'serve' && path) main(path);
