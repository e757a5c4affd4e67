import type { Socket } from 'node:net';
import { FragmentParser, type Part } from '../fmp4/parser.ts';
import { StreamFailure } from '../pool/types.ts';
import { abortFailure } from '../relay/camera-session.ts';

/** Takes what an ffmpeg codes; resolves where it is no stream. */
export function readParts(socket: Socket, onPart: (part: Part) => void): Promise<StreamFailure> {
  const parser = new FragmentParser();
  return new Promise((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const part of parser.push(chunk)) onPart(part);
      } catch (error) {
        socket.destroy();
        resolve(new StreamFailure('ffmpeg', 'What it wrote is not a stream.', error));
      }
    });
  });
}

/** Resolves when a run is called off, with why. */
export async function calledOff(signal: AbortSignal): Promise<StreamFailure> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  return signal.reason === 'stalled' ? new StreamFailure('stalled') : abortFailure(signal);
}
