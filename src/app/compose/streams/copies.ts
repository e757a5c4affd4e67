import type { Caller } from '../../../core/types.ts';
import { freeBytesOf } from '../../../platform/files/disks.ts';
import { Burner, type BurnerDeps } from '../../../streams/copies/burner.ts';
import { COPIES_QUEUE, ViewingCopies, type ViewingCopiesDeps } from '../../../streams/copies/copies.ts';
import { chineseLetters } from '../../local-services/letters.ts';
import type { Devices } from '../devices/devices.ts';
import type { Ground } from '../ground/ground.ts';

/** What copies for looking at are made by. */
export interface PartsOfCopies extends Pick<ViewingCopiesDeps, 'register'> {
  pool: Omit<BurnerDeps, 'transcodes'>;
  transcodes: BurnerDeps['transcodes'];
}

/** Copies of exports for looking at, which are made in the folders of the exports. */
export async function openCopies(ground: Ground, { jurisdictions }: Devices, parts: PartsOfCopies) {
  const { clock, database, observer, place, work, lifecycle } = ground;
  const { sockets, spawner } = parts.pool;
  const burner = new Burner({ clock, sockets, spawner, transcodes: parts.transcodes });
  const copies = new ViewingCopies({
    database,
    clock,
    observer,
    burner,
    letters: () => chineseLetters(clock),
    directory: await place.directory('exports'),
    freeBytes: freeBytesOf,
    unitOf: ({ jurisdiction, police }: Caller) => police ?? jurisdictions.get(jurisdiction)?.name.zh ?? jurisdiction,
    register: parts.register,
  });
  work.handle(COPIES_QUEUE, (id) => copies.handle(id), { atOnce: 2 });
  lifecycle.onStop('viewing copies', () => copies.stop());
  return copies;
}
