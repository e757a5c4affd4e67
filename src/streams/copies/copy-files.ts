import { appendFile, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileDurable } from '../../platform/files/files.ts';
import { moved } from '../clips/clip-file.ts';
import type { ExportFile } from '../exports/export.ts';
import { type Coded, codedIn } from './burner.ts';

/** Pieces of one file of the export: NUMBER-PIECE.mp4. */
const PIECE = /^(\d{6})-(\d{3})\.mp4$/;
const DONE = /^(\d{6})\.done$/;
/** What stands beside the videos, so that nobody takes them for evidence. */
const ABOUT = 'VIEWING-COPY.txt';

/** The files of a copy while it is made, in a folder of its own. What is named whole is whole. */
export class CopyFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Numbers of the files of the export that are coded; what was half done is removed. */
  async start(): Promise<Set<number>> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const names = await readdir(this.#folder);
    const done = new Set(names.flatMap((name) => DONE.exec(name)?.[1] ?? []).map(Number));
    for (const name of names) {
      const number = PIECE.exec(name)?.[1];
      if (number !== undefined && !done.has(Number(number))) await rm(join(this.#folder, name), { force: true });
    }
    return done;
  }

  async piece(file: number, piece: number, { init, fragments }: Coded): Promise<void> {
    const data = Buffer.concat([init.data, ...fragments.map((one) => one.data)]);
    await writeFileDurable(join(this.#folder, `${digits(file, 6)}-${digits(piece, 3)}.mp4`), data, { mode: 0o600 });
  }

  async done(file: number): Promise<void> {
    await writeFileDurable(join(this.#folder, `${digits(file, 6)}.done`), '', { mode: 0o600 });
  }

  /**
   * Makes of the pieces of each camera one video, several where its size changed, and tells what it made. The pieces
   * are removed; after a kill it is made again.
   */
  async join(files: readonly ExportFile[]): Promise<{ path: string; bytes: number }[]> {
    const pieces = (await readdir(this.#folder)).filter((name) => PIECE.test(name)).sort();
    const cameraOf = new Map(files.map(({ number, path }) => [number, path.split('/', 1)[0]!]));
    const opened = new Map<string, Video[]>();
    for (const name of pieces) {
      const camera = cameraOf.get(Number(PIECE.exec(name)![1]))!;
      const coded = codedIn(await readFile(join(this.#folder, name)));
      const videos = opened.get(camera) ?? [];
      opened.set(camera, videos);
      let video = videos.at(-1);
      if (!video?.init.equals(coded.init.data)) {
        video = { name: `${camera}-${videos.length + 1}.mp4`, init: coded.init.data, ticks: 0, sequence: 1 };
        videos.push(video);
        await writeFile(join(this.#folder, `${video.name}.part`), coded.init.data, { mode: 0o600 });
      }
      await this.#append(video, coded);
    }
    const made: { path: string; bytes: number }[] = [];
    for (const { name } of [...opened.values()].flat()) {
      await rename(join(this.#folder, `${name}.part`), join(this.#folder, name));
      made.push({ path: name, bytes: (await stat(join(this.#folder, name))).size });
    }
    return made;
  }

  async about(text: string): Promise<void> {
    await writeFileDurable(join(this.#folder, ABOUT), text, { mode: 0o600 });
  }

  /** After everything is written down: what it was made of. */
  async tidy(): Promise<void> {
    for (const name of await readdir(this.#folder)) {
      if (PIECE.test(name) || DONE.test(name)) await rm(join(this.#folder, name), { force: true });
    }
  }

  /** What a finished one holds: the videos by name, and what they are. */
  async list(): Promise<{ path: string; bytes: number }[]> {
    const names = (await readdir(this.#folder)).filter((name) => /-\d+\.mp4$/.test(name) && !PIECE.test(name));
    const all = [ABOUT, ...names.sort()];
    return await Promise.all(all.map(async (path) => ({ path, bytes: (await stat(join(this.#folder, path))).size })));
  }

  async #append(video: Video, { init, fragments }: Coded): Promise<void> {
    const parts = fragments.map(({ data, durationMs }) => {
      const part = moved(data, { movie: init.movie, sequence: video.sequence, decodeTime: video.ticks });
      video.ticks += Math.round((durationMs * init.movie.timescale) / 1_000);
      video.sequence += 1;
      return part;
    });
    await appendFile(join(this.#folder, `${video.name}.part`), Buffer.concat(parts));
  }
}

interface Video {
  name: string;
  init: Buffer;
  ticks: number;
  sequence: number;
}

function digits(value: number, count: number): string {
  return String(value).padStart(count, '0');
}
