import type { Socket } from 'node:net';
import { Packetizer } from '../h264-source.ts';

/** Sends as much as the other side takes. */
export function flood(socket: Socket): () => void {
  const packet = new Packetizer(0).frame([Buffer.alloc(1_300, 0x61)], 0);
  const many = Buffer.concat(Array.from({ length: 200 }, () => packet));
  const fill = () => {
    while (!socket.destroyed && socket.write(many));
  };
  socket.on('drain', fill);
  fill();
  return () => socket.off('drain', fill);
}

/** A proper head, one byte at a time, that never ends. */
export function drip(every: (ms: number, run: () => void) => () => void, socket: Socket): () => void {
  let written = 0;
  return every(300, () => {
    socket.write('RTSP/1.0 200 OK\r\nX-Slow: '[written] ?? 'a');
    written += 1;
  });
}
