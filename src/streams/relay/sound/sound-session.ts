import type { Clock } from '../../../core/clock.ts';
import { readSetUp, type SetUp } from '../camera-answers.ts';
import type { Conversation } from '../conversation.ts';
import { SOUND_CHANNELS } from './sound-rtp.ts';
import type { SoundOffer, SoundTrack } from './sound-track.ts';

/** Sound that the camera was asked for, or why none is taken. */
export interface AgreedSound {
  track: SoundTrack | null;
  /** Numbers of its channels. */
  channels: readonly number[];
  /** What of the camera's sound is left out, in words of ours. */
  note: string | null;
}

export const NO_SOUND: AgreedSound = { track: null, channels: [], note: null };

/** A camera that does not answer within this about its sound is shown without. */
const SOUND_MS = 2_000;

/** Sets the sound up beside the video, with `more` headers. Whatever goes wrong costs the sound alone. */
export async function agreeOnSound(
  conversation: Conversation,
  { track, note }: SoundOffer,
  { video, clock, more }: { video: SetUp; clock: Clock; more: Record<string, string> },
): Promise<AgreedSound> {
  if (!track) return { ...NO_SOUND, note };
  const Transport = `RTP/AVP/TCP;unicast;interleaved=${SOUND_CHANNELS.join('-')}`;
  const session = video.sessionId === null ? {} : { Session: video.sessionId };
  const asked = conversation
    .request('SETUP', track.controlUri, { Transport, ...session, ...more })
    .then(({ headers }) => readSetUp(headers, SOUND_CHANNELS).channels)
    .catch(() => null);
  const patience = new AbortController();
  const channels = await Promise.race([asked, clock.sleep(SOUND_MS, patience.signal).then(() => null)]);
  patience.abort();
  if (!channels) return { ...NO_SOUND, note: 'The camera does not send its sound when it is asked.' };
  if (channels.some((channel) => video.channels.includes(channel))) {
    return { ...NO_SOUND, note: 'The camera sends its sound where it sends its video.' };
  }
  return { track, channels, note };
}
