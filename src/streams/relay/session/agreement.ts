import type { Clock } from '../../../core/clock.ts';
import { baseOf, CHANNELS, keepAliveMethods, readSetUp, type SetUp } from '../camera-answers.ts';
import type { Conversation } from '../conversation.ts';
import { type VideoTrack, videoTrack } from '../sdp.ts';
import { type AgreedSound, agreeOnSound, NO_SOUND } from '../sound/sound-session.ts';
import { soundOffer } from '../sound/sound-track.ts';

/** Cameras that do not know OPTIONS refuse it or say nothing; the stream does not depend on it. */
const OPTIONS_MS = 2_000;

/** A recording of the camera's own that is to be played back, instead of what it sees now. */
export interface Playback {
  /** Beside those of any session. */
  setUp: Record<string, string>;
  play: Record<string, string>;
  /** Each RTP packet as it came. */
  take(packet: Buffer): void;
}

/** What camera and we agreed on before the media. */
export interface Agreed {
  track: VideoTrack;
  setUp: SetUp;
  keepAlives: string[];
  playback: Playback | null;
  sound: AgreedSound;
}

interface Wishes {
  clock: Clock;
  uri: string;
  playback: Playback | null;
  /** Whether its sound is taken too. */
  sound: boolean;
}

/** Asks what the camera has, and sets up what is taken of it. Rejects with {@link StreamFailure}. */
export async function agree(conversation: Conversation, wishes: Wishes): Promise<Agreed> {
  const { clock, uri, playback } = wishes;
  const { headers, body } = await conversation.request('DESCRIBE', uri, { Accept: 'application/sdp' });
  const [text, base] = [body.toString('utf8'), baseOf(headers, uri)];
  const track = videoTrack(text, base);
  // After the login, which a wrong password would use up twice.
  const keepAlives = await askMethods(conversation, track.aggregateUri, clock);
  const Transport = `RTP/AVP/TCP;unicast;interleaved=${CHANNELS.join('-')}`;
  const asked = { Transport, ...playback?.setUp };
  const setUp = readSetUp((await conversation.request('SETUP', track.controlUri, asked)).headers);
  const offer = wishes.sound && !playback ? soundOffer(text, base) : null;
  const sound = offer ? await agreeOnSound(conversation, offer, { video: setUp, clock }) : NO_SOUND;
  return { track, setUp, keepAlives, playback, sound };
}

/** Asks what the camera understands; what goes wrong here is told by SETUP, in its own words. */
async function askMethods(conversation: Conversation, uri: string, clock: Clock): Promise<string[]> {
  const asked = conversation.request('OPTIONS', uri).catch(() => null);
  const patience = new AbortController();
  const answer = await Promise.race([asked, clock.sleep(OPTIONS_MS, patience.signal).then(() => null)]);
  patience.abort();
  return keepAliveMethods(answer?.headers ?? null);
}
