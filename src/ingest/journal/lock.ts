import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { CitywatchError } from '../../core/errors.ts';

/**
 * Keeps a second writer out of a journal directory. LevelDB holds a kernel lock on its directory, which ends with the
 * process however it dies, and refuses a second opener in the same process too; nothing is stored in it.
 */
export async function lockDirectory(directory: string): Promise<{ release(): Promise<void> }> {
  const level = new ClassicLevel(join(directory, 'lock'));
  try {
    await level.open();
  } catch (cause) {
    throw new CitywatchError('service.failed', {
      detail: `The journal in ${directory} is open already or cannot be locked; stop the other gateway first.`,
      cause,
    });
  }
  return { release: () => level.close() };
}
