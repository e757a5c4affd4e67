import type { Clock } from '../core/clock.ts';
import type { Observer } from '../core/observe.ts';
import type { Directory } from '../devices/directory.ts';
import { Passages } from '../ingest/passages/passages.ts';
import { PlateSeal } from '../ingest/passages/seal.ts';
import { PassageSearch } from '../ingest/passages/search.ts';
import type { AccessRegister } from '../platform/access-register.ts';
import type { Database } from '../platform/database.ts';

export interface PassagesInput {
  database: Database;
  clock: Clock;
  observer: Observer;
  directory: Directory;
  register: AccessRegister;
  /** Key of plate hashes, the one watchlists are stored by. */
  plateKey: Buffer;
  /** Plates that must be readable again are encrypted under a key made of this one. */
  vaultKey: Buffer;
  keepDays: number;
}

/** Builds what writes passages and what finds them. */
export function composePassages(input: PassagesInput): { passages: Passages; search: PassageSearch } {
  const { directory, plateKey, vaultKey, ...shared } = input;
  const deps = { ...shared, keys: { hash: plateKey, seal: new PlateSeal(vaultKey) } };
  const jurisdictionOf = (id: string) => directory.get(id)?.identity.jurisdiction;
  return { passages: new Passages(deps), search: new PassageSearch({ ...deps, jurisdictionOf }) };
}
