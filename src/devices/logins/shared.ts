import type { DeviceId } from '../../core/types.ts';
import { sql, type Tables } from '../../platform/database/database.ts';
import type { Vault } from '../../platform/secrets/vault.ts';
import { openOnvif, openStream } from '../registry/connections.ts';
import type { RegistryTables } from '../registry/tables.ts';

/** Who else logs in by the login of a device, as far as it is known. */
export interface Sharing {
  /** It says so in the file; it belongs to a recorder, or is one; another device is reached at the same place. */
  how: 'file' | 'recorder' | 'address';
  /** Some of them. */
  with: DeviceId[];
}

/** Where a change of a login asks who else uses it. */
export interface SharedLogins {
  sharedWith(tx: Tables, device: DeviceId): Promise<Sharing | null>;
}

const NAMED_MAX = 5;
/** Cameras behind one NAT; more of them are not looked at, and count as sharing. */
const AT_ONE_HOST_MAX = 64;

type Position = RegistryTables['position'];
type Reached = Pick<Position, 'id' | 'onvif' | 'stream'>;

/** The answer of the registry alone. Other sources, such as a platform that tells its own, come beside it. */
export class RegisteredSharing implements SharedLogins {
  readonly #vault: Vault;

  constructor(vault: Vault) {
    this.#vault = vault;
  }

  /** `loginShared: false` in the file overrules what only looks like sharing. */
  async sharedWith(tx: Tables, device: DeviceId): Promise<Sharing | null> {
    const db = tx.tables<RegistryTables>();
    const own = await db.selectFrom('position').selectAll().where('id', '=', device).executeTakeFirst();
    if (!own) return null;
    if (own.login_shared === true) return { how: 'file', with: [] };
    const relatives = await ofRecorder(tx, own);
    if (relatives.length > 0) return { how: 'recorder', with: relatives };
    if (own.login_shared === false || !own.onvif) return null;
    const others = await atSameHost(tx, own);
    const same = others.filter((other) => this.#isSame(own, other)).map(({ id }) => id);
    if (others.length >= AT_ONE_HOST_MAX)
      return { how: 'address', with: others.slice(0, NAMED_MAX).map(({ id }) => id) };
    return same.length > 0 ? { how: 'address', with: same.slice(0, NAMED_MAX) } : null;
  }

  /** At one port, or by one login: behind a NAT cameras have ports and logins of their own. */
  #isSame(own: Reached, other: Reached): boolean {
    const placeOf = ({ onvif }: Reached): string | null => (onvif ? new URL(onvif.xaddr).host : null);
    if (other.onvif && placeOf(own) === placeOf(other)) return true;
    const [mine, theirs] = [this.#logins(own), this.#logins(other)];
    return mine.some((login) => theirs.includes(login));
  }

  #logins({ id, onvif, stream }: Reached): string[] {
    const logins = [
      onvif ? openOnvif(this.#vault, id, onvif) : null,
      stream ? openStream(this.#vault, id, stream.main).login : null,
    ];
    return logins.flatMap((login) => (login ? [JSON.stringify([login.username, login.password])] : []));
  }
}

/** A recorder above it that is reached over the network, and channels below it. */
async function ofRecorder(tx: Tables, { id, parent }: Pick<Position, 'id' | 'parent'>): Promise<DeviceId[]> {
  const db = tx.tables<RegistryTables>();
  const above = db
    .selectFrom('position')
    .select('id')
    .where('id', '=', parent ?? '')
    .where('state', '!=', 'retired');
  const recorder = await above
    .where((eb) => eb.or([eb('kind', '=', 'recorder'), eb('onvif', 'is not', null)]))
    .executeTakeFirst();
  if (recorder) return [recorder.id];
  const channels = db.selectFrom('position').select('id').where('parent', '=', id).where('state', '!=', 'retired');
  const reached = channels.where((eb) => eb.or([eb('stream', 'is not', null), eb('onvif', 'is not', null)]));
  return (await reached.orderBy('id').limit(NAMED_MAX).execute()).map((channel) => channel.id);
}

async function atSameHost(tx: Tables, own: Reached): Promise<Reached[]> {
  // As the indexes of migration 0250 write it.
  const { rows } = await sql<Reached>`
    with here as (select lower(substring(${own.onvif!.xaddr} from '^[a-z]+://(\\[[^\\]]*\\]|[^:/?#]*)')) as host),
    there as (
      select p.id from position p, here where p.onvif is not null
        and lower(substring(p.onvif->>'xaddr' from '^[a-z]+://(\\[[^\\]]*\\]|[^:/?#]*)')) = here.host
      union
      select p.id from position p, here where p.stream is not null
        and lower(substring(p.stream->'main'->>'url' from '^[a-z]+://(\\[[^\\]]*\\]|[^:/?#]*)')) = here.host
    )
    select id, onvif, stream from position join there using (id)
    where id != ${own.id} and state != 'retired' order by id limit ${AT_ONE_HOST_MAX}`.execute(tx.tables());
  return rows;
}
