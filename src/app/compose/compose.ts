import { systemClock } from '../../core/clock.ts';
import { Early } from '../../core/mechanisms/early.ts';
import { Lifecycle } from '../../core/mechanisms/lifecycle.ts';
import type { Gateway } from './gateway.ts';
import { type GroundInput, openGround } from './ground/ground.ts';

export type ComposeInput = Pick<GroundInput, 'config' | 'observer' | 'secrets' | 'ended'>;

/**
 * Builds and starts the whole gateway. Each part registers its end the moment it exists, so a start that fails half way
 * leaves nothing behind.
 */
export async function compose(input: ComposeInput): Promise<Gateway> {
  const lifecycle = new Lifecycle(systemClock);
  // Most of the program, and the files, are read while the servers start, which leave us nothing else to do.
  const house = new Early(async () => {
    const { buildHouse, readFurniture } = await import('./house.ts');
    return { buildHouse, furniture: await readFurniture(input.observer) };
  });
  try {
    const meanwhile = (): void => house.begin();
    const ground = await openGround({ ...input, clock: systemClock, lifecycle, meanwhile });
    const { buildHouse, furniture } = await house.get();
    return await buildHouse(ground, furniture);
  } catch (error) {
    await lifecycle.stop(5_000);
    throw error;
  }
}
