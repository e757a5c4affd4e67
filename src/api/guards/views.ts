import type { FastifyRequest } from 'fastify';
import { CitywatchError, invalid } from '../../core/errors.ts';
import type { Caller, DeviceIdentity } from '../../core/types.ts';
import { mosaicOf } from '../../streams/mosaic/name.ts';
import type { Quality, View } from '../../streams/pool/types.ts';
import type { Use } from '../../streams/pool/uses.ts';
import { recodedOf } from '../../streams/recode/name.ts';
import type { ApiDeps } from '../deps.ts';
import { callerOf } from './auth.ts';
import { caseOf, purposeOf } from './look.ts';

/** What a request for video says of its look. */
export interface Look {
  quality: Quality;
  use?: Use | undefined;
  purpose?: string | undefined;
  case?: string | undefined;
}

/** Errors: `not-found` for a device that is not the caller's to see, or has no video. */
export function cameraOf(
  { directory, kinds }: Pick<ApiDeps, 'directory' | 'kinds'>,
  caller: Caller,
  id: string,
): DeviceIdentity {
  return withVideo(kinds, directory.seenBy(caller, id));
}

/**
 * As {@link cameraOf}, of several: one that is not the caller's to see, or has no video, refuses all. It is told
 * by its place in the list, alike whether it is foreign or absent.
 */
export function camerasOf(
  context: Pick<ApiDeps, 'directory' | 'kinds'>,
  caller: Caller,
  ids: readonly string[],
): DeviceIdentity[] {
  return ids.map((id, index) => {
    try {
      return cameraOf(context, caller, id);
    } catch (error) {
      if (!(error instanceof CitywatchError) || error.code !== 'not-found') throw error;
      throw new CitywatchError('not-found', { detail: `Camera ${index + 1} of the list is none that you may see.` });
    }
  });
}

/** As {@link cameraOf}, also one that is retired: what was recorded of it is shown until its own time is over. */
export function recordedCameraOf(
  { directory, kinds }: Pick<ApiDeps, 'directory' | 'kinds'>,
  caller: Caller,
  id: string,
): DeviceIdentity {
  return withVideo(kinds, directory.everSeenBy(caller, id));
}

function withVideo(kinds: ApiDeps['kinds'], device: DeviceIdentity | undefined): DeviceIdentity {
  if (!device) throw new CitywatchError('not-found');
  if (kinds.latest(device.kind)?.stream) return device;
  throw new CitywatchError('not-found', { detail: 'Devices of this kind have no video.' });
}

type ViewContext = Pick<ApiDeps, 'directory' | 'kinds' | 'authority'>;

/** The look a request is part of. Rights come first, so that nothing else tells whether the camera exists. */
export function viewOf(context: ViewContext, caller: Caller, id: string, query: Look): View {
  return lookAt(context, caller, cameraOf(context, caller, id), query);
}

/** As {@link viewOf}, as H.264 where that is asked for: what the camera sends, or that coded anew. */
export function codedViewOf(
  context: ViewContext,
  caller: Caller,
  id: string,
  { codec, ...query }: Look & { codec?: 'h264' | undefined },
): View {
  const view = viewOf(context, caller, id, query);
  const { deviceId } = view;
  return codec === undefined ? view : { ...view, codec, deviceId: recodedOf(deviceId), members: [deviceId] };
}

/**
 * As {@link viewOf} for live video, to which somebody may have come with a link: then it is the one look of that link,
 * whatever else is asked for. Errors: `not-found` where it is for something else.
 */
export function liveViewOf(
  context: ViewContext,
  request: FastifyRequest,
  id: string,
  query: Look & { codec?: 'h264' | undefined },
): View {
  const { linked } = request;
  if (!linked) return codedViewOf(context, callerOf(request), id, query);
  if (linked.members !== undefined || linked.deviceId !== id) throw new CitywatchError('not-found');
  return linked;
}

/** As {@link liveViewOf}, of a mosaic; a link alone says which cameras. Errors: also `request.invalid` without any. */
export function liveMosaicViewOf(
  context: ViewContext,
  request: FastifyRequest,
  { cameras, ...query }: Look & { cameras?: readonly string[] | undefined },
): View {
  const { linked } = request;
  if (linked?.members === undefined && linked !== null) throw new CitywatchError('not-found');
  if (linked) return linked;
  if (cameras === undefined) throw invalid('cameras', 'name one at least');
  return mosaicViewOf(context, callerOf(request), cameras, query);
}

/** As {@link viewOf}, of several cameras in one picture, in this order; each must be the caller's to look at. */
export function mosaicViewOf(context: ViewContext, caller: Caller, ids: readonly string[], query: Look): View {
  const views = camerasOf(context, caller, ids).map((camera) => lookAt(context, caller, camera, query));
  const [first] = views;
  const members = views.map(({ deviceId }) => deviceId);
  return { ...first!, deviceId: mosaicOf(members), members, quality: 'sub' };
}

/** As {@link viewOf}, of what was recorded. */
export function recordedViewOf(context: ViewContext, caller: Caller, id: string, query: Look): View {
  return lookAt(context, caller, recordedCameraOf(context, caller, id), query);
}

function lookAt(context: ViewContext, caller: Caller, { id: deviceId }: DeviceIdentity, query: Look): View {
  const purpose = purposeOf(context, caller, query);
  const { type, id: viewerId, name } = caller;
  const viewer = { type, id: viewerId, name };
  const { quality, use = 'live' } = query;
  if (use === 'alert' && query.case === undefined) {
    const message = 'is missing: a look with `use=alert` names the alert or incident it is for';
    throw new CitywatchError('request.invalid', { issues: [{ path: 'case', message }] });
  }
  return { deviceId, viewer, purpose, quality, use, case: caseOf(context, deviceId, query) };
}
