import type { Judge } from '../../../test/support/judges.ts';
import { freePort } from '../../../test/support/network/free-port.ts';
import { installed, type Peer, PeerProcess } from './peer.ts';

/** Pulls cameras while somebody watches and serves them as HLS with fragmented MP4. Debian does not have it. */
export class Mediamtx implements Peer<{ cameras: readonly string[] }> {
  readonly name = 'mediamtx';
  readonly #process = new PeerProcess();
  #port = 0;

  async find(): Promise<Judge | null> {
    return installed('mediamtx');
  }

  async start(program: Judge, { cameras }: { cameras: readonly string[] }): Promise<void> {
    this.#port = await freePort();
    const off = ['rtsp', 'rtmp', 'webrtc', 'srt', 'api', 'metrics', 'pprof', 'playback'].map((name) => `${name}: no`);
    const paths = cameras.map(
      (url, number) => `  camera-${number}:\n    source: ${url}\n    rtspTransport: tcp\n    sourceOnDemand: yes`,
    );
    const hls = ['hls: yes', `hlsAddress: 127.0.0.1:${this.#port}`, 'hlsVariant: fmp4', 'hlsSegmentDuration: 1s'];
    const configuration = `${['logLevel: error', ...off, ...hls, 'paths:', ...paths].join('\n')}\n`;
    const args = (path: string): string[] => [path];
    await this.#process.start(program, { name: 'mediamtx.yml', configuration, args, port: this.#port });
  }

  playlist(number: number): string {
    return `http://127.0.0.1:${this.#port}/camera-${number}/index.m3u8`;
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }

  cpu(): number {
    return this.#process.cpu();
  }

  memoryMiB(): number {
    return this.#process.memoryMiB();
  }
}
