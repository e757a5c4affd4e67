import { Attack } from '../faults/attack.ts';
import { Filler, whyNotFill } from '../faults/disk.ts';
import { DistrictNetwork } from '../faults/district.ts';
import { type ProcessId, processesBelow, signal } from '../faults/signals.ts';
import type { Fault } from '../faults/timeline.ts';
import type { UndoFile } from '../faults/undo.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { line } from '../fleet/ledger-lines.ts';
import type { GatewayClient } from '../gateway-client.ts';
import type { Doors } from '../links/link.ts';
import type { FaultPlan, SimulatedCity } from './city.ts';
import { CityFileError } from './city-file.ts';

/** So long a unit that was replaced tries to get in with the secret that it had. */
const TRIES_MS = 3_000;

/** What faults of a city need of its run. */
export interface FaultGround {
  doors: Doors;
  /** The process that is the gateway's first; null where none was named. */
  watchPid: number | null;
  /** A folder on the file system that is filled; null where none was named. */
  fillDir: string | null;
  networks: ReadonlyMap<string, DistrictNetwork>;
  undo: UndoFile;
  fleet: Pick<Fleet, 'replace'>;
  gateway: Pick<GatewayClient, 'call'>;
  ledger: { add(line: string): void };
  ownAddresses: boolean;
  random(): number;
  say(text: string): void;
}

/** Throws {@link CityFileError} for faults that cannot be made here. */
export function refuseFaults(
  { faults }: Pick<SimulatedCity, 'faults'>,
  { watchPid, fillDir }: Pick<FaultGround, 'watchPid' | 'fillDir'>,
): void {
  if (faults.some(({ doing }) => doing.do === 'fill-disk')) refuseDisk(fillDir);
  const signals = faults.find(({ doing }) => doing.do === 'stop' || doing.do === 'kill');
  if (!signals || watchPid !== null) return;
  throw new CityFileError(
    `the timeline has "${signals.what}", and no process of the gateway is named: --watch-pid PID of one on this ` +
      'machine, or no --gateway and one of its own',
  );
}

/** Networks of the districts that something befalls, by district. They pass all on until they are told otherwise. */
export async function openNetworks(
  { faults }: Pick<SimulatedCity, 'faults'>,
  doors: Doors,
  keepsAddress: boolean,
): Promise<Map<string, DistrictNetwork>> {
  const found = new Map<string, DistrictNetwork>();
  for (const { doing } of faults) {
    if (doing.do !== 'network' || found.has(doing.district)) continue;
    const network = new DistrictNetwork(doors, keepsAddress);
    await network.start();
    found.set(doing.district, network);
  }
  return found;
}

/** What a plan of the timeline does when its time comes. */
export function faultOf(plan: FaultPlan, ground: FaultGround): Fault {
  const { what, fromMs, toMs, doing } = plan;
  const span = { what, fromMs, toMs };
  switch (doing.do) {
    case 'stop':
      return { ...span, ...stopping(doing.program, ground) };
    case 'kill':
      return { ...span, begin: async () => kill(doing.program, ground), end: async () => {} };
    case 'network': {
      const network = ground.networks.get(doing.district);
      return {
        ...span,
        begin: async () => {
          if (!network) throw new Error(`district ${doing.district} has no way of its own`);
          network.be(doing.fault, doing.delayMs);
        },
        end: async () => network?.be(null),
      };
    }
    case 'fill-disk':
      return { ...span, ...filling(ground) };
    case 'attack':
      return { ...span, ...attacking(doing.perS, plan, ground) };
    case 'swap':
      return { ...span, begin: () => swapAll(plan, ground), end: async () => {} };
  }
}

/** Throws where there is none: what did not happen says nothing of a gateway. */
function found(program: string, { watchPid }: FaultGround): ProcessId[] {
  const all = watchPid === null ? [] : processesBelow(watchPid, program);
  if (all.length === 0) throw new Error(`there is no process ${program} below ${watchPid}`);
  return all;
}

function stopping(program: string, ground: FaultGround): Pick<Fault, 'begin' | 'end'> {
  let stopped: ProcessId[] = [];
  return {
    begin: async () => {
      stopped = found(program, ground);
      for (const one of stopped) {
        ground.undo.add(one);
        signal(one, 'SIGSTOP');
      }
    },
    end: async () => {
      for (const one of stopped) signal(one, 'SIGCONT');
    },
  };
}

function refuseDisk(fillDir: string | null): void {
  const problem = fillDir === null ? '--fill-dir DIR is missing: a folder on its disk' : whyNotFill(fillDir);
  if (problem !== null) throw new CityFileError(`the timeline fills the disk of the gateway, and ${problem}`);
}

function filling({ fillDir, undo }: FaultGround): Pick<Fault, 'begin' | 'end'> {
  const filler = fillDir === null ? null : new Filler(fillDir);
  return {
    begin: async () => {
      if (!filler) throw new Error('no folder on the disk of the gateway is named');
      undo.addFile(filler.path);
      filler.fill();
    },
    end: async () => filler?.free(),
  };
}

function kill(program: string, ground: FaultGround): void {
  for (const one of found(program, ground)) signal(one, 'SIGKILL');
}

function attacking(perS: number, { what, devices }: FaultPlan, ground: FaultGround): Pick<Fault, 'begin' | 'end'> {
  const { doors, ownAddresses, random, ledger } = ground;
  const attack = new Attack({ doors, victims: devices, perS, ownAddresses, random });
  return {
    begin: async () => attack.begin(),
    end: async () => {
      await attack.end();
      if (attack.tries === 0) throw new Error('nobody came to try it');
      ledger.add(line.refusal({ what, tries: attack.tries, letIn: attack.letIn }));
    },
  };
}

async function swapAll({ what, devices }: FaultPlan, ground: FaultGround): Promise<void> {
  for (const device of devices) {
    const letIn = await swap(device, ground);
    ground.ledger.add(line.refusal({ what: `${what} ${device}`, tries: 1, letIn: letIn ? 1 : 0 }));
  }
}

/** Hangs another unit in the place of a device; gives whether the one before still got in afterwards. */
async function swap(device: string, { fleet, gateway, random }: FaultGround): Promise<boolean> {
  const { unit } = (await gateway.call('GET', `/devices/${device}`)).body as { unit: { id: string } };
  const serial = `SIM-${Math.floor(random() * 1e9)}`;
  const body = { unit: { serial, maker: 'simulated', model: 'swapped' }, replaces: unit.id, reason: 'simulated swap' };
  const { secret } = (await gateway.call('POST', `/devices/${device}/swap`, body)).body as { secret: string };
  const before = fleet.replace(device, secret);
  let isIn = false;
  before.open();
  before.send({
    channel: 'telemetry',
    payload: '{"values":{}}',
    onAck: (isTaken) => {
      isIn ||= isTaken;
    },
  });
  await new Promise((resolve) => setTimeout(resolve, TRIES_MS));
  before.abandon();
  return isIn;
}
