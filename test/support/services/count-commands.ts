import { Redis } from 'ioredis';
import type { Owner } from './services.ts';

/** Counts what this process says to Redis from now on, until the test ends. */
export function countCommands(t: Owner): { readonly count: number; readonly names: readonly string[] } {
  const names: string[] = [];
  const send = Redis.prototype.sendCommand;
  Redis.prototype.sendCommand = function counted(this: Redis, ...args: Parameters<Redis['sendCommand']>) {
    names.push(args[0].name);
    return Reflect.apply(send, this, args);
  } as typeof send;
  t.teardown(() => {
    Redis.prototype.sendCommand = send;
  });
  return {
    get count() {
      return names.length;
    },
    names,
  };
}
