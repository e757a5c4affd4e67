import { Authority } from '../../../access/authority.ts';
import { Displays } from '../../../access/displays/displays.ts';
import { Grants } from '../../../access/grants/grants.ts';
import { GrantsInForce } from '../../../access/grants/grants-in-force.ts';
import { Standing } from '../../../access/standing.ts';
import { Tokens } from '../../../access/tokens.ts';
import { Jurisdictions } from '../../../access/tree/jurisdictions.ts';
import { TreeEdits } from '../../../access/tree/tree-edits.ts';
import { OpenAlerts } from '../../../alerts/desk/open-alerts.ts';
import { Departments } from '../../../devices/departments/departments.ts';
import { Doors } from '../../../devices/doors/doors.ts';
import { ToldSecrets } from '../../../devices/doors/told-secrets.ts';
import type { Kinds } from '../../../devices/kinds/kinds.ts';
import { Agencies } from '../../../devices/police/police-tree.ts';
import { Connections } from '../../../devices/registry/connections.ts';
import { Directory } from '../../../devices/registry/directory.ts';
import { AccessRegister } from '../../../platform/records/access-register.ts';
import { SecretHasher } from '../../../platform/secrets/hasher.ts';
import type { Ground } from '../ground/ground.ts';
import { composePeople } from './people.ts';

export type Devices = Awaited<ReturnType<typeof openDevices>>;

/** What exists and who may see it: kinds, districts, people and tokens, and the directory of devices, empty so far. */
export async function openDevices(ground: Ground, kinds: Kinds) {
  const { config, place, shares, database, keys, vault } = ground;
  await kinds.remember(database);
  const jurisdictions = new Jurisdictions();
  await jurisdictions.seed(database);
  const agencies = new Agencies(jurisdictions);
  await agencies.load(database);
  const departments = new Departments({ database, clock: ground.clock, jurisdictions });
  await departments.seed();
  const hasher = new SecretHasher(keys.devices);
  const directory = new Directory(hasher, ground.clock);
  const alerts = new OpenAlerts(database);
  const inForce = new GrantsInForce(ground.clock, alerts);
  await inForce.load(database);
  const authority = new Authority(inForce, agencies, { separated: config.people.administrators === 'three' });
  const { clock } = ground;
  const toldSecrets = new ToldSecrets({ database, vault, clock });
  await toldSecrets.load();
  const changed = () => inForce.load(database);
  const grants = new Grants({ database, clock, authority, jurisdictions, agencies, alerts, changed });
  await grants.endWithAlerts();
  const tokens = new Tokens({ database, lookup: shares.handling, clock, jurisdictions, agencies, authority, hasher });
  const displays = new Displays({
    database,
    lookup: shares.handling,
    clock,
    jurisdictions,
    agencies,
    authority,
    hasher,
  });
  await tokens.ensureBootstrap(config.adminToken ?? (await place.secret('admin-token')));
  return {
    kinds,
    authority,
    standing: new Standing({ database, clock, authority }),
    inForce,
    grants,
    jurisdictions,
    agencies,
    treeEdits: new TreeEdits({ database, clock, jurisdictions }),
    departments,
    hasher,
    directory,
    toldSecrets,
    doors: new Doors({ directory, database: shares.handling, kinds, clock }),
    identity: directory.identity.bind(directory),
    register: new AccessRegister({ database, clock, needsIncident: directory.needsIncident.bind(directory) }),
    connections: new Connections({ database, vault }),
    tokens,
    displays,
    ...composePeople({ ...ground, jurisdictions, agencies, authority, hasher, tokens, displays }),
  };
}
