import { mosaicViewOf, viewOf } from '../../../api/guards/views.ts';
import type { StreamLinksPort, StreamPassesPort } from '../../../api/ports.ts';
import type { StreamService } from '../../../streams/live/service.ts';
import type { LinkRights } from '../../../streams/passes/link.ts';
import { StreamLinks } from '../../../streams/passes/links.ts';
import type { PassRights, StreamPass } from '../../../streams/passes/pass.ts';
import { StreamPasses } from '../../../streams/passes/passes.ts';
import { RTSP_LIMITS, RtspServer } from '../../../streams/rtsp/server.ts';
import { type WallRights, Walls } from '../../../streams/walls/walls.ts';
import type { Devices } from '../devices/devices.ts';
import type { Ground } from '../ground/ground.ts';

/** Viewer tokens, and where players show them, if that is switched on. */
export function composeRtsp(ground: Ground, devices: Devices, streams: StreamService) {
  const { config, clock, observer, database, keys, lifecycle } = ground;
  const passes = new StreamPasses({ database, clock, key: keys.passes, rights: rightsOf(devices) });
  const links = new StreamLinks({ database, clock, key: keys.passes, rights: linkRightsOf(devices) });
  const { host, port, sessionsMax, perViewerMax } = config.rtsp;
  const known = config.publicUrl === null ? null : new URL(config.publicUrl).hostname;
  let address: ReturnType<StreamPassesPort['address']> = null;
  return {
    port: {
      create: (caller, input, cameras) => passes.create(caller, input, cameras),
      list: (caller) => passes.list(caller),
      revoke: (caller, id) => passes.revoke(caller, id),
      address: () => address,
    } satisfies StreamPassesPort,
    links: {
      create: (caller, input, cameras) => links.create(caller, input, cameras),
      list: (caller) => links.list(caller),
      revoke: (caller, id) => links.revoke(caller, id),
      look: (token, from) => links.look(token, from),
      origin: () => (config.publicUrl === null ? null : new URL(config.publicUrl).origin),
    } satisfies StreamLinksPort,
    walls: new Walls({ database, clock, rights: wallRightsOf(devices) }),
    async tidy(nowMs: number): Promise<void> {
      await passes.prune(nowMs);
      await links.prune(nowMs);
    },
    async start(): Promise<void> {
      if (port === null) return;
      const seats = { sessionsMax, perViewerMax };
      const server = new RtspServer({ clock, observer, streams, passes }, { host, port, seats, ...RTSP_LIMITS });
      const opened = await server.start();
      lifecycle.onStop('rtsp', () => server.stop());
      address = { host: known, port: opened.port };
    },
  };
}

/** What the viewer of a token may look at, by the one function that decides that for every route. */
function rightsOf({ standing, doors: directory, kinds, authority }: Devices): PassRights & Omit<LinkRights, 'isOpen'> {
  return {
    callerOf: (viewer) => standing.now({ ...NOBODY, ...viewer }, 'video.look'),
    lookOf: (caller, pass: Looked) => {
      const context = { directory, kinds, authority };
      const { cameras, isMosaic } = pass;
      if (isMosaic) return mosaicViewOf(context, caller, cameras, lookOf(pass));
      return viewOf(context, caller, cameras[0]!, lookOf(pass));
    },
  };
}

function linkRightsOf(devices: Devices): LinkRights {
  return { ...rightsOf(devices), isOpen: (session) => devices.standing.isOpen(session) };
}

function wallRightsOf({ doors: directory, authority }: Devices): WallRights {
  return {
    sees: (caller, camera) => directory.seenBy(caller, camera) !== undefined,
    tends: (caller, jurisdiction) => authority.may(caller, 'trees.keep', jurisdiction),
  };
}

/** What is asked for anew of whoever looks: nothing of it is taken from here. */
const NOBODY = { role: 'viewer', jurisdiction: '000000', purpose: null } as const;

type Looked = Pick<StreamPass, 'cameras' | 'isMosaic' | 'quality' | 'use' | 'purpose' | 'case'>;

function lookOf({ quality, use, purpose, case: caseNumber }: Looked) {
  return { quality, use, purpose, ...(caseNumber === null ? {} : { case: caseNumber }) };
}
