import { randomBytes } from 'node:crypto';
import { Authority } from '../../../src/access/authority.ts';
import { type Clock, DAY_MS, systemClock } from '../../../src/core/clock.ts';
import type { Caller } from '../../../src/core/types.ts';
import { DeviceChanges } from '../../../src/devices/bulk/changes.ts';
import type { ImportMode } from '../../../src/devices/import-export/jobs/import-table.ts';
import { Imports } from '../../../src/devices/import-export/jobs/imports.ts';
import type { DeviceFollower } from '../../../src/devices/registry/followers.ts';
import { ANY_NETWORK } from '../../../src/devices/registry/registry.ts';
import { Seal } from '../../../src/platform/secrets/seal.ts';
import { NO_ZONES } from '../access/tree.ts';
import { firstOwner } from '../services/ownership.ts';
import { quietObserver } from '../services/services.ts';
import type { OpenRegistry } from './registry.ts';
import { csvOf } from './spreadsheets.ts';

const withheld = { count: async () => 0, look: async () => {}, ring: () => {} };

/** What edits of a registry tell others, where nobody listens. */
export const UNHEARD = {
  cameras: { accepted: () => {}, restated: (_id: string) => {} },
  maintenance: { ownership: firstOwner(), withheld, maxMs: DAY_MS },
};

interface ImportsOver {
  clock?: Clock;
  sealKey?: Buffer;
  followers?: readonly DeviceFollower[];
  /** Who began an import, as they stand now; as they stood then, where a test does not say. */
  standing?: (caller: Caller) => Caller | null;
}

/** Imports on a registry, whose work somebody has to do: {@link OpenImports.work}. */
export function openImports(parts: OpenRegistry, over: ImportsOver = {}) {
  const {
    clock = systemClock,
    sealKey = randomBytes(32),
    followers = [],
    standing = (caller: Caller) => caller,
  } = over;
  const { database, kinds, directory, jurisdictions, hasher, vault } = parts;
  const authority = new Authority({ areasOf: () => [] }, NO_ZONES);
  const observer = quietObserver();
  const restated: string[] = [];
  const heard = new Set<string>();
  const registry = {
    database,
    kinds,
    directory,
    clock,
    observer,
    jurisdictions,
    authority,
    hasher,
    vault,
    followers,
    cameraNetworks: ANY_NETWORK,
    ...UNHEARD,
    cameras: { accepted: () => {}, restated: (id: string) => void restated.push(id) },
  };
  const seal = new Seal(sealKey, { purpose: 'test', what: 'row' });
  const wasHeard = (id: string): boolean => heard.has(id);
  const standingNow = async (_tx: unknown, caller: Caller) => standing(caller);
  const deps = { database, registry, clock, seal, wasHeard, standing: standingNow, ring: () => {} };
  const imports = new Imports(deps);
  const changes = new DeviceChanges({ imports: deps, list: imports.list, search: parts.search });
  const work = async (id: string): Promise<void> => {
    while ((await imports.handle(id, new AbortController().signal)).again !== null);
  };
  return {
    imports,
    changes,
    heard,
    restated,
    work,
    /** Imports a CSV of these rows to its end. */
    run: async (caller: Caller, rows: string[][], mode: ImportMode = 'rows') => {
      const { id } = await imports.start(caller, { file: Buffer.from(csvOf(rows)), fileName: null, mode });
      await work(id);
      return await imports.list.get(caller, id);
    },
  };
}
