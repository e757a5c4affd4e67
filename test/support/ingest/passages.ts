import { hkdfSync } from 'node:crypto';
import { type Clock, DAY_MS } from '../../../src/core/clock.ts';
import { codeAlone, NATIONWIDE } from '../../../src/core/jurisdiction.ts';
import { BelievedTime } from '../../../src/core/mechanisms/believed-time.ts';
import type { Caller } from '../../../src/core/types.ts';
import { Passages } from '../../../src/passages/passages.ts';
import { PlateSeal } from '../../../src/passages/seal.ts';
import { type Passage, type PassageQuery, PassageSearch } from '../../../src/passages/search.ts';
import type { Database } from '../../../src/platform/database/database.ts';
import { AccessRegister } from '../../../src/platform/records/access-register.ts';
import { firstOwner } from '../services/ownership.ts';
import { quietObserver } from '../services/services.ts';
import { AT_MS } from './batches.ts';

export const DETECTIVE: Caller = {
  type: 'person',
  id: 'u-1',
  name: 'Wang',
  role: 'operator',
  jurisdiction: NATIONWIDE,
  purpose: 'routine',
};

interface Input {
  database: Database;
  clock: Clock;
  key: Buffer;
  keepDays?: number;
}

/** Writing and finding passages; `find` asks as {@link DETECTIVE}, of every device, for the day of `AT_MS`. */
export function openPassages({ database, clock, key, keepDays = 90 }: Input) {
  const vaultKey = Buffer.from(hkdfSync('sha256', key, '', 'vault', 32));
  const deps = {
    database,
    ownership: firstOwner(),
    clock,
    believed: new BelievedTime(clock, null),
    keepDays,
    keys: { hash: key, seal: new PlateSeal(vaultKey) },
  };
  const register = new AccessRegister({ database, clock, needsIncident: () => false });
  const search = new PassageSearch({
    ...deps,
    register,
    placeOf: () => ({ jurisdiction: '330212' }),
    tree: { area: codeAlone },
  });
  const find = async (query: Partial<PassageQuery>): Promise<Passage[]> => {
    const base = {
      fromMs: AT_MS,
      toMs: AT_MS + DAY_MS,
      purpose: 'investigation',
      case: 'A-1',
      full: false,
      limit: 500,
    };
    return (await search.search(DETECTIVE, { ...base, ...query })).items;
  };
  return { passages: new Passages({ ...deps, observer: quietObserver() }), search, find };
}
