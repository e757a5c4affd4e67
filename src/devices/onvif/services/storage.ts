import type { Clock } from '../../../core/clock.ts';
import { CitywatchError } from '../../../core/errors.ts';
import { cameraUrl, streamAtCamera } from '../addresses.ts';
import type { CameraTarget } from '../identify.ts';
import { clean } from '../notifications.ts';
import { OnvifError } from '../problems.ts';
import type { OnvifPorts } from '../session.ts';
import { at, escapeXml, labelText, type XmlElement } from '../xml.ts';
import { type AskOptions, CameraServices } from './services.ts';

/** A recording that a camera keeps on its own card or disk. Times are Unix ms by the camera's clock. */
export interface StoredRecording {
  token: string;
  /** What the camera calls the source of it, and the recording: no two makers fill them alike. */
  source: string;
  name: string;
  /** What the camera says of it; null where it does not. Pictures in between may be missing. */
  fromMs: number | null;
  toMs: number | null;
}

const RECORDINGS_MAX = 64;
const TOKEN_MAX_CHARACTERS = 64;
/** Some cameras look through their card while they are asked. */
const ROUNDS_MAX = 8;
const ROUND_PAUSE_MS = 250;

/** What a camera answers when it is asked for pictures of a time. */
export type StorageAnswer =
  /** It keeps none itself, or cannot be asked for them. */
  | { has: 'no-storage'; detail: string }
  /** None of this time. */
  | { has: 'nothing' }
  /** Where they are played back, by which login; `skewMs` is its clock minus ours. */
  | { has: 'some'; camera: { url: string; username: string; password: string }; skewMs: number };

export interface AskedPictures {
  quality: 'main' | 'sub';
  /** Unix ms by our clock. */
  fromMs: number;
  toMs: number;
}

/** Asks a camera what it keeps itself of a time. Throws as {@link CameraServices}. */
export async function askStorage(
  target: CameraTarget,
  ports: OnvifPorts,
  { quality, fromMs, toMs }: AskedPictures,
  how: AskOptions,
): Promise<StorageAnswer> {
  const services = await CameraServices.open(target, ports, how);
  if (!services.has('search') || !services.has('replay')) {
    return { has: 'no-storage', detail: 'The camera has no recording search and replay.' };
  }
  const skewMs = services.skewMs ?? 0;
  const all = await findRecordings(services, ports.clock, how);
  if (all.length === 0) return { has: 'no-storage', detail: 'The camera has no recordings of its own.' };
  const wanted = { source: target.source ?? null, quality };
  const recording = chosenRecording(all, wanted, { fromMs: fromMs + skewMs, toMs: toMs + skewMs });
  if (!recording) return { has: 'nothing' };
  const { xaddr, username, password } = target;
  const url = await replayUrl(services, { xaddr, token: recording.token }, how);
  return { has: 'some', camera: { url, username, password }, skewMs };
}

/**
 * What a camera keeps of video (ONVIF Recording Search, Profile G). Throws as {@link CameraServices.ask}; a search
 * that is not over in time gives what was found.
 */
async function findRecordings(
  services: CameraServices,
  clock: Pick<Clock, 'sleep'>,
  how: AskOptions,
): Promise<StoredRecording[]> {
  const scope = '<tse:Scope/><tse:KeepAliveTime>PT30S</tse:KeepAliveTime>';
  const begun = await services.ask('search', 'FindRecordings', scope, how);
  const token = at(begun, 'SearchToken')?.text.trim() ?? '';
  if (token === '') throw new OnvifError('malformed', { operation: 'FindRecordings', detail: 'it names no search' });
  const search = `<tse:SearchToken>${escapeXml(token)}</tse:SearchToken>`;
  const found = new Map<string, StoredRecording>();
  try {
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      const asked = `${search}<tse:MaxResults>${RECORDINGS_MAX}</tse:MaxResults><tse:WaitTime>PT2S</tse:WaitTime>`;
      const list = at(await services.ask('search', 'GetRecordingSearchResults', asked, how), 'ResultList');
      for (const one of list?.children ?? []) {
        const read = one.name === 'RecordingInformation' ? recordingIn(one) : null;
        if (read && found.size < RECORDINGS_MAX) found.set(read.token, read);
      }
      if (at(list, 'SearchState')?.text.trim() === 'Completed') break;
      await clock.sleep(ROUND_PAUSE_MS, how.signal);
    }
  } finally {
    // Cameras have few searches, and one that was forgotten is there for its time.
    await services.ask('search', 'EndSearch', search, how).catch(() => {});
  }
  return [...found.values()];
}

/** Where a recording is played back, at the host that the camera was asked at. Throws `no-stream-address`. */
async function replayUrl(
  services: CameraServices,
  { xaddr, token }: { xaddr: string; token: string },
  how: AskOptions,
): Promise<string> {
  const operation = 'GetReplayUri';
  const setup =
    '<trp:StreamSetup><tt:Stream>RTP-Unicast</tt:Stream><tt:Transport><tt:Protocol>RTSP</tt:Protocol></tt:Transport>' +
    `</trp:StreamSetup><trp:RecordingToken>${escapeXml(token)}</trp:RecordingToken>`;
  const told = at(await services.ask('replay', operation, setup, how), 'Uri')?.text ?? '';
  const camera = cameraUrl(xaddr);
  if (!camera) throw new CitywatchError('request.invalid', { detail: 'The ONVIF address is not an http address.' });
  const address = streamAtCamera(told, camera);
  if (!address) throw new OnvifError('no-stream-address', { operation, detail: 'it names no rtsp address' });
  return address.url.href;
}

/** Null for one without video, or without a token by which it could be asked for. */
function recordingIn(told: XmlElement): StoredRecording | null {
  const token = clean(at(told, 'RecordingToken')?.text ?? '', TOKEN_MAX_CHARACTERS);
  const tracks = told.children.filter(({ name }) => name === 'Track');
  const video = tracks.find((track) => at(track, 'TrackType')?.text.trim() === 'Video');
  if (token === '' || (tracks.length > 0 && !video)) return null;
  return {
    token,
    source: clean(at(told, 'Source', 'SourceId')?.text ?? '', TOKEN_MAX_CHARACTERS),
    name: labelText(at(told, 'Source', 'Name')),
    fromMs: momentOf(at(told, 'EarliestRecording') ?? at(video, 'DataFrom')),
    toMs: momentOf(at(told, 'LatestRecording') ?? at(video, 'DataTo')),
  };
}

function momentOf(element: XmlElement | undefined): number | null {
  const text = element?.text.trim() ?? '';
  // Without a zone it is UTC (ONVIF Core Specification, time).
  const atMs = Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`);
  return Number.isFinite(atMs) ? atMs : null;
}

/**
 * The recording that has most to do with what is wanted: of the named source where there is one, of the wanted quality
 * where their names tell it, and with pictures of the time. Null where none may have any. Times are the camera's.
 */
function chosenRecording(
  all: readonly StoredRecording[],
  { source, quality }: { source: string | null; quality: 'main' | 'sub' },
  { fromMs, toMs }: { fromMs: number; toMs: number },
): StoredRecording | null {
  const isNamed = (one: StoredRecording): boolean => one.source === source || one.token === source;
  // A recorder keeps all its channels: those of another are another camera's pictures.
  const own = source === null ? all : all.filter(isNamed);
  const within = own.filter((one) => (one.fromMs ?? fromMs) < toMs && (one.toMs ?? toMs) > fromMs);
  const isSub = ({ name, token }: StoredRecording): boolean => /sub|minor|second/i.test(`${name} ${token}`);
  return within.find((one) => isSub(one) === (quality === 'sub')) ?? within[0] ?? null;
}
