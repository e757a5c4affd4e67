import { randomInt } from 'node:crypto';
import type { CardSound } from '../storage/card-sound.ts';
import { soundPacket } from './rtp.ts';

/** So much of it goes out at a time. */
const EVERY_MS = 100;

/** Sends what a camera hears along with its pictures, as it happens, until the returned function is called. */
export function playSound(
  { rate, payloadType, between }: CardSound,
  { channel, write }: { channel: number; write(bytes: Buffer): void },
): () => void {
  const [ssrc, base] = [randomInt(2 ** 32), randomInt(2 ** 31)];
  let sequence = randomInt(2 ** 15);
  const beganMs = Date.now();
  let saidMs = beganMs;
  const timer = setInterval(() => {
    const nowMs = Date.now();
    for (const { atMs, payload } of between(saidMs, nowMs)) {
      sequence = (sequence + 1) & 0xffff;
      const timestamp = base + Math.round(((atMs - beganMs) * rate) / 1_000);
      write(soundPacket({ channel, sequence, timestamp, ssrc }, payloadType, payload));
    }
    saidMs = nowMs;
  }, EVERY_MS);
  return () => clearInterval(timer);
}
