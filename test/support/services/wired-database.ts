import { Wire } from '../network/wire.ts';
import type { Owner } from './services.ts';
import { freshDatabase } from './shared-database.ts';

/** A wire before a new database of a real server; `url` leads through it, and `direct` past it. */
export async function wiredDatabase(t: Owner): Promise<{ wire: Wire; url: string; direct: string }> {
  const { url: direct } = await freshDatabase(t);
  const far = new URL(direct.replace('@/', '@localhost/'));
  const wire = await Wire.lay(t, { path: `${far.searchParams.get('host')}/.s.PGSQL.5432` });
  const url = `postgresql://${far.username}:${far.password}@127.0.0.1:${wire.port}${far.pathname}`;
  return { wire, url, direct };
}
