import { randomBytes } from 'node:crypto';
import { Authority } from '../../../src/access/authority.ts';
import { type Clock, systemClock } from '../../../src/core/clock.ts';
import type { Caller } from '../../../src/core/types.ts';
import type { ImportMode } from '../../../src/devices/import-export/jobs/import-table.ts';
import { Imports } from '../../../src/devices/import-export/jobs/imports.ts';
import type { DeviceFollower } from '../../../src/devices/registry/followers.ts';
import { ANY_NETWORK } from '../../../src/devices/registry/registry.ts';
import { Seal } from '../../../src/platform/secrets/seal.ts';
import { NO_ZONES } from '../access/tree.ts';
import { quietObserver } from '../services/services.ts';
import type { OpenRegistry } from './registry.ts';
import { csvOf } from './spreadsheets.ts';

interface ImportsOver {
  clock?: Clock;
  sealKey?: Buffer;
  followers?: readonly DeviceFollower[];
}

/** Imports on a registry, whose work somebody has to do: {@link OpenImports.work}. */
export function openImports(parts: OpenRegistry, over: ImportsOver = {}) {
  const { clock = systemClock, sealKey = randomBytes(32), followers = [] } = over;
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
    cameras: { accepted: () => {}, restated: (id: string) => void restated.push(id) },
  };
  const seal = new Seal(sealKey, { purpose: 'test', what: 'row' });
  const wasHeard = (id: string): boolean => heard.has(id);
  const imports = new Imports({ database, registry, clock, seal, wasHeard, ring: () => {} });
  const work = async (id: string): Promise<void> => {
    while ((await imports.handle(id, new AbortController().signal)).again !== null);
  };
  return {
    imports,
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
