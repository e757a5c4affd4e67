import type { DeviceId } from '../../core/types.ts';

/** What faulty devices hang on. */
export interface Tree {
  parentOf(device: DeviceId): DeviceId | null;
}

/** So many devices below one, with the same fault at the same time, have one cause. */
const BELOW_MIN = 3;
/** So many of one district that hang on nothing in common do, too. */
const DISTRICT_MIN = 20;

/** One fault that lasts. */
export interface Faulty {
  device: DeviceId;
  jurisdiction: string;
}

/**
 * The device at which somebody has to look for the cause of a fault: the topmost it hangs on below which at least
 * three have the same fault, and at least twice as many as below any one thing further down; or, of many in one
 * district that hang on nothing in common, the first; or the device itself. `all`: those with this fault that began at
 * the same time, the first of them first, itself among them.
 */
export function causeOf(one: Faulty, all: readonly Faulty[], tree: Tree): DeviceId {
  const paths = new Map(all.map(({ device }) => [device, aboveOf(device, tree)]));
  const below = new Map<DeviceId, number>();
  for (const path of paths.values()) for (const above of path) below.set(above, (below.get(above) ?? 0) + 1);
  const largest = largestFurtherDown(paths.values(), below);
  const isCause = (device: DeviceId): boolean => {
    const count = below.get(device) ?? 0;
    return count >= Math.max(BELOW_MIN, 2 * (largest.get(device) ?? 0));
  };
  const found = aboveOf(one.device, tree).findLast(isCause);
  if (found !== undefined) return found;
  const beside = all.filter(({ jurisdiction, device }) => {
    return jurisdiction === one.jurisdiction && !paths.get(device)!.some(isCause);
  });
  return beside.length >= DISTRICT_MIN ? beside[0]!.device : one.device;
}

/** Of what devices hang on: how many are below the one thing further down that has the most. */
function largestFurtherDown(paths: Iterable<readonly DeviceId[]>, below: ReadonlyMap<DeviceId, number>) {
  const largest = new Map<DeviceId, number>();
  for (const path of paths) {
    let most = 0;
    for (const above of path) {
      if (most > (largest.get(above) ?? 0)) largest.set(above, most);
      const count = below.get(above) ?? 0;
      if (count >= BELOW_MIN) most = Math.max(most, count);
    }
  }
  return largest;
}

/** What a device hangs on, the nearest first. */
function aboveOf(device: DeviceId, { parentOf }: Tree): DeviceId[] {
  const above: DeviceId[] = [];
  for (let at = parentOf(device); at !== null && at !== device && !above.includes(at); at = parentOf(at)) {
    above.push(at);
  }
  return above;
}
