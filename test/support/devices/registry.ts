import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { z } from 'zod';
import { Authority } from '../../../src/access/authority.ts';
import { Displays } from '../../../src/access/displays/displays.ts';
import { Grants } from '../../../src/access/grants/grants.ts';
import { GrantsInForce } from '../../../src/access/grants/grants-in-force.ts';
import { SecondFactor } from '../../../src/access/second-factor.ts';
import { Tokens } from '../../../src/access/tokens.ts';
import { Jurisdictions } from '../../../src/access/tree/jurisdictions.ts';
import { OpenAlerts } from '../../../src/alerts/desk/open-alerts.ts';
import { toIssues } from '../../../src/api/server/validation.ts';
import { type Clock, systemClock } from '../../../src/core/clock.ts';
import { CitywatchError } from '../../../src/core/errors.ts';
import type { Caller, Role } from '../../../src/core/types.ts';
import { Departments } from '../../../src/devices/departments/departments.ts';
import { Doors } from '../../../src/devices/doors/doors.ts';
import { Kinds } from '../../../src/devices/kinds/kinds.ts';
import { PoliceAgencies } from '../../../src/devices/police/agencies.ts';
import { Agencies } from '../../../src/devices/police/police-tree.ts';
import { Connections } from '../../../src/devices/registry/connections.ts';
import { Directory } from '../../../src/devices/registry/directory.ts';
import { DirectorySync, type DirectorySyncDeps } from '../../../src/devices/registry/directory-sync.ts';
import type { DeviceFollower } from '../../../src/devices/registry/followers.ts';
import { type DeviceInput, type DevicePatch, deviceInput, devicePatch } from '../../../src/devices/registry/input.ts';
import { ANY_NETWORK, Registry } from '../../../src/devices/registry/registry.ts';
import { DeviceSearch } from '../../../src/devices/search/search.ts';
import { DATABASE_LIMITS, Database } from '../../../src/platform/database/database.ts';
import { migrate } from '../../../src/platform/database/migrate.ts';
import { madeBeside, NOTHING_MADE_BEFORE } from '../../../src/platform/files/made-before.ts';
import { SecretHasher } from '../../../src/platform/secrets/hasher.ts';
import { Vault } from '../../../src/platform/secrets/vault.ts';
import { type Owner, quietObserver } from '../services/services.ts';
import { freshDatabase } from '../services/shared-database.ts';
import { healthPort, SaidHealths } from './search-model.ts';

export const KINDS_DIRECTORY = fileURLToPath(new URL('../../../config/kinds', import.meta.url));

/** What the bundled gateway of these sources parsed, or whichever test came first; a file run by itself parses anew. */
const PARSED = process.env.TEST_GATEWAY ? madeBeside(dirname(process.env.TEST_GATEWAY)) : NOTHING_MADE_BEFORE;

/** A migrated database on a PostgreSQL of its own. */
export async function openDatabase(t: Owner, url?: string): Promise<Database<never>> {
  const where = url ?? (await freshDatabase(t)).url;
  const database = await Database.open({
    url: where,
    observer: quietObserver(),
    clock: systemClock,
    limits: DATABASE_LIMITS,
  });
  t.teardown(() => database.close());
  await migrate(database);
  return database;
}

/** The registry with the edge in front of it: takes whatever may be the body of a request, and parses it as the API. */
export class RegistryOfBodies extends Registry {
  override async create(caller: Caller, body: unknown) {
    return super.create(caller, parsed<DeviceInput>(deviceInput, body));
  }

  override async update(caller: Caller, id: string, version: number, body: unknown) {
    return super.update(caller, id, version, parsed<DevicePatch>(devicePatch, body));
  }
}

function parsed<Output>(schema: z.ZodType<Output>, body: unknown): Output {
  const { success, data, error } = schema.safeParse(body);
  if (success) return data;
  throw new CitywatchError('request.invalid', { issues: toIssues(error, 'body', [], body) });
}

export interface OpenRegistry {
  connections: Connections;
  database: Database<never>;
  registry: RegistryOfBodies;
  search: DeviceSearch;
  /** The same registry for an API, which parses what it is sent by itself. */
  behindApi: Registry;
  directory: Directory;
  authority: Authority;
  inForce: GrantsInForce;
  grants: Grants;
  /** Nobody must have one. */
  secondFactor: SecondFactor;
  tokens: Tokens;
  displays: Displays;
  kinds: Kinds;
  jurisdictions: Jurisdictions;
  agencies: Agencies;
  police: PoliceAgencies;
  departments: Departments;
  hasher: SecretHasher;
  vault: Vault;
  /** How devices are, where a test says so. */
  healths: SaidHealths;
  /** Devices that were told to disconnect, in order. */
  disconnected: string[];
  /** The directory as doors and the API have it. */
  doors: Doors;
}

/** The whole of devices/ on a database, as a gateway has it after its start. */
export async function openRegistry(
  t: Owner,
  over: { database?: Database<never>; clock?: Clock; followers?: DeviceFollower[]; hasher?: SecretHasher } = {},
): Promise<OpenRegistry> {
  const clock = over.clock ?? systemClock;
  const database = over.database ?? (await openDatabase(t));
  const kinds = await Kinds.load(KINDS_DIRECTORY, PARSED);
  await kinds.remember(database);
  const jurisdictions = new Jurisdictions();
  await jurisdictions.seed(database);
  const agencies = await openAgencies(database, jurisdictions);
  const departments = new Departments({ database, clock, jurisdictions });
  await departments.seed();
  const hasher = over.hasher ?? new SecretHasher(randomBytes(32));
  const vault = new Vault(randomBytes(32));
  const directory = new Directory(hasher, clock);
  const doors = new Doors({ directory, database, kinds, clock });
  const disconnected: string[] = [];
  directory.listen({ changed: () => {}, disconnect: (id) => void disconnected.push(id) });
  const observer = quietObserver();
  const { authority, inForce, grants } = openGrants({ database, clock, jurisdictions, agencies });
  const deps = {
    authority,
    cameraNetworks: ANY_NETWORK,
    database,
    kinds,
    jurisdictions,
    hasher,
    vault,
    directory,
    clock,
    observer,
    followers: over.followers ?? [],
  };
  const [registry, behindApi] = [new RegistryOfBodies(deps), new Registry(deps)];
  const access = { database, lookup: database, jurisdictions, agencies, authority, hasher, clock };
  const connections = new Connections({ database, vault });
  const stores = { database, connections, hasher, vault };
  const secondFactor = new SecondFactor({ database, vault, hasher, clock, roles: [] });
  return {
    ...stores,
    ...openSearch(database, { departments, directory, agencies, clock }),
    authority,
    inForce,
    grants,
    secondFactor,
    registry,
    behindApi,
    directory,
    doors,
    tokens: new Tokens(access),
    displays: new Displays(access),
    kinds,
    jurisdictions,
    agencies,
    police: openPolice(deps, agencies),
    departments,
    disconnected,
  };
}

async function openAgencies(database: Database<never>, jurisdictions: Jurisdictions): Promise<Agencies> {
  const agencies = new Agencies(jurisdictions);
  await agencies.load(database);
  return agencies;
}

function openGrants(deps: Pick<OpenRegistry, 'database' | 'jurisdictions' | 'agencies'> & { clock: Clock }) {
  const { database, clock, agencies } = deps;
  const alerts = new OpenAlerts(database);
  const inForce = new GrantsInForce(clock, alerts);
  const authority = new Authority(inForce, agencies);
  const changed = () => inForce.load(database);
  return { authority, inForce, grants: new Grants({ ...deps, authority, alerts, changed }) };
}

function openPolice(deps: DirectorySyncDeps & { jurisdictions: Jurisdictions; directory: Directory }, tree: Agencies) {
  const sync = new DirectorySync(deps);
  return new PoliceAgencies({ ...deps, tree, changed: (ids) => sync.changed(ids) });
}

/** The search of devices; how they are stands in `healths`. */
function openSearch(
  database: Database<never>,
  {
    departments,
    directory,
    agencies,
    clock,
  }: Pick<OpenRegistry, 'departments' | 'directory' | 'agencies'> & {
    clock: Clock;
  },
) {
  const healths = new SaidHealths();
  const port = healthPort(directory, healths);
  const deps = { database, owners: departments, trees: agencies, healths: port, clock };
  return { healths, search: new DeviceSearch(deps) };
}

export function callerIn(jurisdiction: string, role: Role = 'admin'): Caller {
  return { type: 'token', id: `test-${jurisdiction}`, name: 'test', role, jurisdiction, purpose: null };
}

/** What a kiosk in Yinzhou is created with; `over` replaces parts. */
export function kiosk(over: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    kind: 'recycling-kiosk',
    name: 'Kiosk at the market',
    jurisdiction: '330212',
    location: { lat: 29.83, lon: 121.55 },
    ...over,
  };
}
