import type { Logger } from '../../core/observe.ts';
import type { DeviceId } from '../../core/types.ts';
import { calledOff, readParts } from '../engine/coded-parts.ts';
import { encodeTask } from '../ffmpeg/arguments.ts';
import type { LocalSocket } from '../ffmpeg/local-sockets.ts';
import type { TranscodeBudget } from '../ffmpeg/transcode-budget.ts';
import type { Part } from '../fmp4/parser.ts';
import { StreamFailure } from '../pool/types.ts';
import { Canvas, placesOf } from './canvas.ts';
import { Tile, type TileDeps } from './tile.ts';

export interface MosaicDeps extends TileDeps {
  log: Logger;
  budget: Pick<TranscodeBudget, 'tryEnter'>;
}

/** What a mosaic looks like. */
const SIZE = { width: 1_280, height: 720 };
const PER_S = 2;

/**
 * What one takes of a core, percent: to code two pictures of 1280x720 a second, and to decode the key frames of each
 * camera.
 */
const BASE_PCT = 10;
const TILE_PCT = 2;
/** What may wait for the encoder: pictures beyond it are left out. */
const BACKLOG_BYTES = 4 * 1024 * 1024;

/**
 * One run of a mosaic: draws its cameras into one picture twice a second and codes that. It is as {@link runPull} of a
 * camera: until `signal` is aborted or something breaks; answers why, after everything it began is gone.
 */
export async function runMosaic(
  deps: MosaicDeps,
  members: readonly DeviceId[],
  onPart: (part: Part) => void,
  signal: AbortSignal,
): Promise<StreamFailure> {
  const leave = deps.budget.tryEnter('mosaic', BASE_PCT + TILE_PCT * members.length);
  if (!leave) return new StreamFailure('busy');
  const places = placesOf(members.length, SIZE);
  const tiles = members.map((camera, index) => new Tile(deps, camera, places[index]!));
  const canvas = new Canvas(SIZE.width, SIZE.height);
  const draw = () => {
    for (const tile of tiles) tile.draw(canvas);
    return canvas.data;
  };
  try {
    return await encode(deps, { draw, onPart }, signal);
  } finally {
    for (const tile of tiles) tile.stop();
    leave();
  }
}

interface Encoding {
  draw(): Buffer;
  onPart(part: Part): void;
}

async function encode(deps: MosaicDeps, { draw, onPart }: Encoding, signal: AbortSignal): Promise<StreamFailure> {
  const { clock, sockets, spawner, log } = deps;
  const ends: LocalSocket[] = [];
  let stopDrawing = (): void => {};
  try {
    const [input, output] = [await sockets.open(), await sockets.open()];
    ends.push(input, output);
    const process = spawner.run(encodeTask({ input: input.path, output: output.path }, { ...SIZE, perS: PER_S }));
    void input.connection.then((socket) => {
      const write = (): void => {
        if (socket.writableLength <= BACKLOG_BYTES) socket.write(Buffer.from(draw()));
      };
      write();
      stopDrawing = clock.every(1_000 / PER_S, write);
      if (signal.aborted) stopDrawing();
    }, ignored);
    const unusable = output.connection.then((socket) => readParts(socket, onPart));
    const ended = process.ended.then((end) => {
      if (!signal.aborted) log.warn({ ...end }, 'the encoder of a mosaic ended');
      return new StreamFailure(end.how === 'not-started' ? 'not-started' : 'ffmpeg');
    });
    const failure = await Promise.race([ended, unusable.catch(() => ended), calledOff(signal)]);
    stopDrawing();
    process.stop();
    await process.ended;
    return failure;
  } catch (error) {
    return new StreamFailure('not-started', undefined, error);
  } finally {
    stopDrawing();
    for (const end of ends) end.close();
  }
}

function ignored(): void {}
