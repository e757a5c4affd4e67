import { CitywatchError } from '../../core/errors.ts';
import { covers, ownArea } from '../../core/jurisdiction.ts';
import type { Caller, DeviceId } from '../../core/types.ts';
import { sql, type Tables } from '../../platform/database/database.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import { type EditDeps, followAll, OneTransaction } from '../import-export/one-transaction.ts';
import { lockTree } from '../registry/checks.ts';
import { findDevice } from '../registry/queries.ts';

/** Devices of one site; more are retired part by part. */
const DEVICES_MAX = 1_000;

interface Below {
  id: DeviceId;
  version: number;
  isSeen: boolean;
}

/**
 * Closes sites: a building is done, and what hung there comes down. The site and all that hangs below it are retired in
 * one transaction, each with its audit row. What was stored of them stays until its own time is over: nothing that
 * keeps pictures, video or readings asks whether a device is retired.
 */
export class SiteClosing {
  readonly #deps: EditDeps;

  constructor(deps: EditDeps) {
    this.#deps = deps;
  }

  /**
   * Resolves with the ids of what was retired, the site last. Errors: `not-found`; `conflict.state` for what is no site
   * or is retired; `conflict.reference` where devices hang below that the caller may not see, or more than 1,000.
   */
  async close(caller: Caller, id: DeviceId, { reason }: { reason: string }): Promise<DeviceId[]> {
    const { database, clock, followers } = this.#deps;
    const { done, retired } = await database.transaction(async (tx) => {
      await lockTree(tx);
      const site = await findDevice(tx, ownArea(caller), id);
      if (!site) throw new CitywatchError('not-found');
      if (site.kind !== 'site') throw refused(`It is a ${site.kind}: what is no site is retired with DELETE.`);
      if (site.state === 'retired') throw refused('The site is retired.');
      const devices = await this.#below(tx, caller, id);
      const edits = new OneTransaction(tx, this.#deps);
      for (const device of devices) await edits.registry.retire(caller, device.id, device.version, reason);
      const { jurisdiction } = site;
      const after = { reason, retired: devices.length };
      const atMs = clock.nowMs();
      await recordAudit(tx, { caller, action: 'site.close', subject: `device/${id}`, jurisdiction, after, atMs });
      await followAll(tx, followers, [edits]);
      return { done: edits, retired: devices.map((device) => device.id) };
    });
    done.committed();
    return retired;
  }

  /** The site and all that hangs below it and is not retired, what hangs deepest first. They are locked. */
  async #below(tx: Tables, caller: Caller, site: DeviceId): Promise<Below[]> {
    const { rows } = await sql<{ id: DeviceId; jurisdiction: string; version: number }>`
      with recursive below as (
        select id, 0 as depth from position where id = ${site}
        union all
        select p.id, depth + 1 from position p join below b on p.parent = b.id
      )
      select p.id, p.jurisdiction, p.version from position p join below using (id)
      where state <> 'retired' order by depth desc, id limit ${DEVICES_MAX + 1} for update of p`.execute(tx.tables());
    if (rows.length > DEVICES_MAX)
      throw inUse(`More than ${DEVICES_MAX} devices hang below it: retire some of them first.`);
    const devices = rows.map((row) => ({ ...row, isSeen: covers(ownArea(caller), row.jurisdiction) }));
    if (devices.some(({ isSeen }) => !isSeen)) throw inUse('Devices of another area hang below it, too.');
    return devices;
  }
}

function refused(detail: string): CitywatchError {
  return new CitywatchError('conflict.state', { detail });
}

function inUse(detail: string): CitywatchError {
  return new CitywatchError('conflict.reference', { detail });
}
