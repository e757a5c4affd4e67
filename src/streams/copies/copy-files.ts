import { appendFile, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileDurable } from '../../platform/files/files.ts';
import type { ExportFile } from '../exports/export.ts';
import { placed } from '../fmp4/tracks/placed.ts';
import { codedIn } from './burner.ts';
import type { Coded } from './sound-beside.ts';

/** Pieces of one file of the export: NUMBER-PIECE.mp4. */
const PIECE = /^(\d{6})-(\d{3})\.mp4$/;
const DONE = /^(\d{6})\.done$/;
/** What stands beside the videos, so that nobody takes them for evidence. */
const ABOUT = 'VIEWING-COPY.txt';
/** A file of the same run that begins so soon after another goes on with it. */
const FOLLOWS_MS = 100;

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
   * Makes of the pieces of each camera one video, several where its size changed or its sound came or went, and tells
   * what it made. The pieces are removed; after a kill it is made again.
   */
  async join(files: readonly ExportFile[]): Promise<{ path: string; bytes: number }[]> {
    const pieces = (await readdir(this.#folder)).filter((name) => PIECE.test(name)).sort();
    const byNumber = new Map(files.map((file) => [file.number, file]));
    const goesOn = (name: string | undefined, other: string | undefined): boolean => {
      const [before, after] = [name, other].map((one) => byNumber.get(Number(PIECE.exec(one ?? '')?.[1])));
      return before !== undefined && after !== undefined && (before === after || follows(before, after));
    };
    const opened = new Map<string, Video[]>();
    for (const [at, name] of pieces.entries()) {
      const camera = byNumber.get(Number(PIECE.exec(name)![1]))!.path.split('/', 1)[0]!;
      const coded = codedIn(await readFile(join(this.#folder, name)));
      const videos = opened.get(camera) ?? [];
      opened.set(camera, videos);
      let video = videos.at(-1);
      if (!video?.init.equals(coded.init.data)) {
        video = { name: `${camera}-${videos.length + 1}.mp4`, init: coded.init.data, ticks: 0, sequence: 1 };
        videos.push(video);
        await writeFile(join(this.#folder, `${video.name}.part`), coded.init.data, { mode: 0o600 });
      }
      await this.#append(video, coded, { begins: !goesOn(pieces[at - 1], name), ends: !goesOn(name, pieces[at + 1]) });
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

  /** Sound of what was not recorded, or before and after it, is left out: it has no picture. */
  async #append(video: Video, { init, fragments }: Coded, { begins, ends }: Edges): Promise<void> {
    const { timescale } = init.movie;
    const fromS = begins ? fragments[0]!.decodeTimeMs / 1_000 : 0;
    const last = fragments.at(-1)!;
    const toS = ends ? (last.decodeTimeMs + last.durationMs) / 1_000 : Number.POSITIVE_INFINITY;
    const parts = fragments.map((one) => {
      const part = placed(one, init.movie, { sequence: video.sequence, decodeTime: video.ticks, fromS, toS });
      video.ticks += Math.round((one.durationMs * timescale) / 1_000);
      video.sequence += 1;
      return part;
    });
    await appendFile(join(this.#folder, `${video.name}.part`), Buffer.concat(parts));
  }
}

/** Whether there is a hole before a piece, and behind it. */
interface Edges {
  begins: boolean;
  ends: boolean;
}

function follows(before: ExportFile, after: ExportFile): boolean {
  const isSameRun = before.device === after.device && before.continuity === after.continuity;
  return isSameRun && Math.abs(after.startsAtMs - before.endsAtMs) <= FOLLOWS_MS;
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
