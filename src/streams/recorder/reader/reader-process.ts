/**
 * Reads the recordings of one disk, for who shows them: a process of its own, so that a disk that hangs holds up
 * neither the gateway nor who writes. It takes questions on its standard input, several at a time, and ends when that
 * ends.
 */
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { BoxError } from '../../fmp4/boxes.ts';
import { framed } from '../disk/disk-protocol.ts';
import { inspect } from '../disk/salvage.ts';
import { indexFragments } from './fragment-index.ts';
import { type Answer, type Listed, type Question, question } from './reader-protocol.ts';

const directory = process.argv[2] ?? '';
process.stdout.on('error', () => {});

async function answerTo(asked: Question): Promise<{ head: Omit<Answer, 'id' | 'code'>; payload?: Buffer }> {
  const path = join(directory, asked.path);
  switch (asked.type) {
    case 'size':
      return { head: { bytes: (await stat(path)).size, inspected: null } };
    case 'read': {
      const payload = await readPart(path, asked);
      return { head: { bytes: payload.length, inspected: null }, payload };
    }
    case 'list': {
      const payload = Buffer.from(JSON.stringify(await listOf(path)));
      return { head: { bytes: payload.length, inspected: null }, payload };
    }
    case 'fragments': {
      const payload = await fragmentsOf(path, asked.leadBytes);
      return { head: { bytes: payload?.length ?? null, inspected: null }, ...(payload ? { payload } : {}) };
    }
    case 'inspect': {
      const found = await inspect(path);
      return { head: { bytes: (await stat(path)).size, inspected: found } };
    }
  }
}

async function readPart(path: string, { start, bytes }: { start: number; bytes: number }): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const part = Buffer.alloc(bytes);
    const { bytesRead } = await file.read(part, 0, bytes, start);
    return part.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Null where the file is not as its row says. */
async function fragmentsOf(path: string, leadBytes: number): Promise<Buffer | null> {
  const file = await open(path, 'r');
  const read = async (offset: number, bytes: number): Promise<Buffer> => {
    const part = Buffer.alloc(bytes);
    return part.subarray(0, (await file.read(part, 0, bytes, offset)).bytesRead);
  };
  try {
    return Buffer.from(JSON.stringify(await indexFragments(read, leadBytes, (await file.stat()).size)));
  } catch (error) {
    if (error instanceof BoxError) return null;
    throw error;
  } finally {
    await file.close();
  }
}

/** One after the other: a folder of an hour has thousands, and they are in no hurry. */
async function listOf(path: string): Promise<Listed> {
  const found: Listed = [];
  for (const entry of await readdir(path, { withFileTypes: true })) {
    const bytes = entry.isFile() ? (await stat(join(path, entry.name))).size : 0;
    found.push({ name: entry.name, bytes });
  }
  return found;
}

async function reply(asked: Question): Promise<void> {
  const { head, payload } = await answerTo(asked).catch((error: NodeJS.ErrnoException) => ({
    head: { bytes: null, inspected: null, code: error.code === 'ENOENT' ? null : (error.code ?? 'UNKNOWN') },
    payload: undefined,
  }));
  for (const part of framed({ code: null, ...head, id: asked.id }, payload)) process.stdout.write(part);
}

for await (const line of createInterface({ input: process.stdin })) {
  const asked = question.safeParse(JSON.parse(line));
  if (asked.success) void reply(asked.data);
}
