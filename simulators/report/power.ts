import type { Facts } from './facts.ts';
import { type PromiseTold, promiseTold } from './verdict.ts';

/** A kill shows what was in memory alone; only a power cut, or a look at each fdatasync, what the disk did not have. */
const NOT_JUDGED = 'power loss not judged';

/** Whether anything was answered before it was on the disk, where somebody looked. */
export function promiseOfPower({ power }: Facts): PromiseTold {
  const [wrong, why] = figureOf(power);
  return promiseTold('acknowledged before it was on the disk', wrong, 0, why && `${NOT_JUDGED}: ${why}`);
}

function figureOf(power: Facts['power']): [number, string | null] {
  if (power === null) return [0, 'nobody looked whether fdatasync comes before the answer (--power)'];
  if ('why' in power) return [0, power.why];
  const { right, wrong, untold } = power;
  if (wrong > 0) return [wrong, null];
  if (right === 0)
    return [0, untold === 0 ? 'no message of the run was seen' : 'the calls do not tell where messages are kept'];
  return [0, null];
}

export function unsynced({ power }: Facts): string[] {
  return power !== null && 'examples' in power ? power.examples.slice(0, 3) : [];
}
