import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { owner } from './harness.ts';
import type { Order } from './watched-cameras.ts';

export interface CameraLoad {
  pid: number;
  tell<Result>(order: Order): Promise<Result>;
}

/** Cameras and viewers in a process of their own, which ends with the measurement. */
export function startCameraLoad(): CameraLoad {
  const child = fork(join(import.meta.dirname, 'watched-cameras.ts'));
  owner.teardown(() => {
    if (child.connected) child.disconnect();
  });
  return {
    pid: child.pid!,
    tell: async <Result>(order: Order): Promise<Result> => {
      child.send(order);
      const [message] = (await once(child, 'message')) as [{ result?: Result; error?: string }];
      if (message.error !== undefined) throw new Error(message.error);
      return message.result as Result;
    },
  };
}
