import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { CitywatchError, messageOf } from '../../core/errors.ts';

/**
 * Keeps a second writer out of a journal directory. LevelDB holds a kernel lock on its directory, which ends with the
 * process however it dies, and refuses a second opener in the same process too; nothing is stored in it.
 */
export async function lockDirectory(directory: string): Promise<{ release(): Promise<void> }> {
  const level = new ClassicLevel(join(directory, 'lock'));
  try {
    await level.open();
  } catch (error) {
    const cause = error instanceof Error ? (error.cause as Error & { code?: string }) : undefined;
    const isHeld = cause?.code === 'LEVEL_LOCKED';
    const remedy = isHeld ? 'is open already; stop the other gateway first' : `cannot be locked: ${messageOf(cause)}`;
    throw new CitywatchError('service.failed', { detail: `The journal in ${directory} ${remedy}.`, cause: error });
  }
  return { release: () => level.close() };
}
