import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { owner } from '../harness.ts';

/** A process beside the measurement, by its file from this folder on: answers each order once it has done it. */
export function told<Order extends object, Result>(file: string): (order: Order) => Promise<Result> {
  const child = fork(join(import.meta.dirname, file), { execArgv: process.execArgv });
  owner.teardown(() => void child.kill());
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(`${file} ended`)));
  ended.catch(() => {});
  return async (order) => {
    child.send(order);
    const [{ result, error }] = (await Promise.race([once(child, 'message'), ended])) as [
      { result?: Result; error?: string },
    ];
    if (result === undefined) throw new Error(error);
    return result;
  };
}
