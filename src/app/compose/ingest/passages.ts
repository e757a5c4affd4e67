import type { Clock } from '../../../core/clock.ts';
import type { Tree } from '../../../core/jurisdiction.ts';
import type { BelievedTime } from '../../../core/mechanisms/believed-time.ts';
import type { Observer } from '../../../core/observe.ts';
import type { Directory } from '../../../devices/registry/directory.ts';
import { placesOf } from '../../../devices/registry/places.ts';
import { Passages } from '../../../passages/passages.ts';
import { PlateSeal } from '../../../passages/seal.ts';
import { PassageSearch } from '../../../passages/search.ts';
import { Traffic } from '../../../passages/traffic.ts';
import type { Database } from '../../../platform/database/database.ts';
import type { Ownership } from '../../../platform/database/ownership.ts';
import type { AccessRegister } from '../../../platform/records/access-register.ts';

export interface PassagesInput {
  database: Database;
  ownership: Ownership;
  clock: Clock;
  believed: Pick<BelievedTime, 'nowMs'>;
  observer: Observer;
  directory: Directory;
  tree: Tree;
  register: AccessRegister;
  /** Key of plate hashes, the one watchlists are stored by. */
  plateKey: Buffer;
  /** Plates that must be readable again are encrypted under a key made of this one. */
  vaultKey: Buffer;
  keepDays: number;
}

/** Builds what writes passages and what finds them. */
export function composePassages(input: PassagesInput) {
  const { directory, plateKey, vaultKey, ...shared } = input;
  const deps = { ...shared, keys: { hash: plateKey, seal: new PlateSeal(vaultKey) } };
  const placeOf = (id: string) => directory.get(id)?.identity;
  const namesOf = (ids: string[]) => placesOf(shared.database, ids);
  return {
    passages: new Passages(deps),
    search: new PassageSearch({ ...deps, placeOf }),
    traffic: new Traffic({ ...shared, within: (scope) => directory.within(scope), namesOf }),
  };
}
