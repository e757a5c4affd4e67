import { CitywatchError } from '../../core/errors.ts';
import type { Caller } from '../../core/types.ts';
import type { RecordingExport } from '../../streams/exports/export.ts';
import type { View } from '../../streams/pool/types.ts';
import type { ApiDeps } from '../deps.ts';
import { purposeOf } from './look.ts';
import { recordedCameraOf, recordedViewOf } from './views.ts';

/** Errors: `not-found`, also where its alert, or one of its cameras, is not the caller's to see. */
export async function seenExport(context: ApiDeps, caller: Caller, id: string): Promise<RecordingExport> {
  const made = await context.recordings.exports.one(id);
  if (made.bundle) {
    const seen = await context.alerts.bundles.seen(caller, [made.bundle.alert]);
    if (!seen.has(made.bundle.alert)) throw new CitywatchError('not-found');
    return made;
  }
  for (const { id: device } of made.cameras) recordedCameraOf(context, caller, device);
  return made;
}

/** A look at each of its cameras, for what it was asked for. Errors: as of each look. */
export function viewsOfExport(context: ApiDeps, caller: Caller, made: RecordingExport): View[] {
  const { purpose, quality } = made;
  const look = { quality, purpose, ...(made.case === null ? {} : { case: made.case }) };
  return made.cameras.map(({ id }) => recordedViewOf(context, caller, id, look));
}

/** What registers the looks of who takes an export away. Errors: as of each look. */
export async function looksAtExport(
  context: ApiDeps,
  caller: Caller,
  made: RecordingExport,
): Promise<() => Promise<void>> {
  const { id, purpose, case: named, bundle } = made;
  if (bundle) {
    return await context.alerts.bundles.taking(caller, {
      id,
      purpose: purposeOf(context, caller, { purpose }),
      case: named,
      bundle,
    });
  }
  const views = viewsOfExport(context, caller, made);
  return () => context.recordings.exports.looked(views);
}

/** Those of some exports that the caller may see. */
export async function seenExports(
  context: ApiDeps,
  caller: Caller,
  some: RecordingExport[],
): Promise<RecordingExport[]> {
  const alerts = await context.alerts.bundles.seen(
    caller,
    some.flatMap(({ bundle }) => bundle?.alert ?? []),
  );
  const isSeen = ({ bundle, cameras }: RecordingExport) =>
    bundle
      ? alerts.has(bundle.alert)
      : cameras.every(({ id }) => context.directory.everSeenBy(caller, id) !== undefined);
  return some.filter(isSeen);
}
