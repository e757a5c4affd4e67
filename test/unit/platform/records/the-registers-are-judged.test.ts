import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { chainHash } from '../../../../src/platform/records/chain.ts';
import { type Checkpoint, readCheckpoints } from '../../../../src/platform/records/checkpoint.ts';
import { CheckpointFile, keyFileOf } from '../../../../src/platform/records/checkpoint-file.ts';
import { judge, type Source } from '../../../../src/platform/records/judge.ts';
import { exportedLines, exportSource } from '../../../../src/platform/records/register-export.ts';
import { PublicKeys, Signer } from '../../../../src/platform/records/signing.ts';
import { AT_MS, DATABASE, MadeRegisters } from '../../../support/records/made-chains.ts';

const SIGNER = new Signer(Buffer.alloc(32, 1));
const FORGER = new Signer(Buffer.alloc(32, 2));
const KEYS = PublicKeys.parse(SIGNER.publicPem);

const said = (registers: MadeRegisters, atMs = AT_MS): Checkpoint => ({
  ...registers.checkpoint(atMs),
  previous: null,
});

/** What is found about each register, by code. */
async function found(source: Source, checkpoints: Checkpoint[] = []) {
  const [audit, access] = await judge(source, { keys: KEYS, checkpoints, head: null });
  const codes = [audit!, access!].map(({ faults }) => faults.map(({ code }) => code).join(' '));
  return { audit: audit!, access: access!, codes, text: audit!.faults.map(({ text }) => text).join('; ') };
}

t.test('whole registers hold, before and after they were pruned, also against older checkpoints', async (t) => {
  const registers = new MadeRegisters(20);
  const early = said(registers, AT_MS - 1);
  registers.add('audit', 10);
  const late = said(registers);
  registers.add('audit', 5);
  t.match(await found(registers, [early, late]), { codes: ['', ''], audit: { checked: 35, vouched: { rows: 30 } } });
  registers.prune('audit', 25, SIGNER);
  registers.prune('access', 19, SIGNER);
  const { codes, audit, access } = await found(registers, [early, late]);
  t.same(codes, ['', '']);
  t.match(audit, { checked: 10, pruned: { link: 25 }, vouched: { rows: 30 }, uncompared: 1, end: { link: 35 } });
  t.match(access, { checked: 1, vouched: { rows: 20 } });
  registers.prune('audit', 34, SIGNER);
  t.match(await found(registers, [late]), { codes: ['', ''], audit: { checked: 1, uncompared: 1 } });
});

t.test('each kind of tampering is found and told in plain words', async (t) => {
  const changed = new MadeRegisters(20);
  changed.chains.audit[6]!.content = changed.chains.audit[6]!.content.with(4, 'Wang') as never;
  t.match(await found(changed), {
    codes: ['changed', ''],
    text: /row 7 is not what was sealed. It now says: number 7, .* Wang/,
  });

  const holed = new MadeRegisters(20);
  holed.chains.audit.splice(4, 3);
  t.match(await found(holed), { codes: ['missing', ''], text: /^rows 5 to 7 are missing. After it comes number 8/ });

  const headless = new MadeRegisters(20);
  headless.chains.access.splice(0, 1);
  t.match((await found(headless)).access.faults, [
    { code: 'missing', text: /row 1 is missing, and no signed proof says/ },
  ]);

  const cut = new MadeRegisters(20);
  const before = said(cut);
  cut.chains.audit.length = 12;
  t.match(await found(cut, [before]), {
    codes: ['cut', ''],
    text: /ends with row 12, but .* saw 20 rows: rows 13 to 20 went/,
  });
  t.match((await found(cut)).codes, ['', ''], 'without a checkpoint nobody can know');

  const putBack = new MadeRegisters(20).copy();
  const now = said(putBack);
  putBack.chains.audit.length = 12;
  putBack.add('audit', 30, 'device.retire');
  t.match(await found(putBack, [now]), {
    codes: ['rewritten', ''],
    text: /row 20 .*put back to an earlier state and has gone on/,
  });

  const resealed = new MadeRegisters(20);
  const witness = said(resealed);
  let previous = Buffer.alloc(32);
  resealed.chains.audit = resealed.chains.audit.map(({ link, content }) => {
    const forged = link === 3 ? content.with(4, 'Wang') : content;
    previous = chainHash(previous, forged as never) as Buffer<ArrayBuffer>;
    return { link, content: forged as never, hash: previous };
  });
  t.match((await found(resealed)).codes, ['', '']);
  t.match(await found(resealed, [witness]), { codes: ['rewritten', ''], text: /changed or taken out and sealed anew/ });
});

t.test('a proof of pruning counts only as it was signed, for this register of this database', async (t) => {
  const forged = new MadeRegisters(20);
  forged.prune('audit', 5, FORGER);
  t.match(await found(forged), { codes: ['prune-forged', ''], text: /up to 5 were pruned at .* not signed by a key/ });

  const stretched = new MadeRegisters(20);
  stretched.prune('audit', 5, SIGNER);
  stretched.chains.audit.splice(0, 4);
  const { link, hash } = { link: 9, hash: (await found(stretched)).audit.end.hash };
  stretched.proofs[0] = { ...stretched.proofs[0]!, link, hash };
  t.match((await found(stretched)).codes, [/prune-forged/, '']);

  const borrowed = new MadeRegisters(20);
  borrowed.prune('access', 5, SIGNER);
  borrowed.proofs[0]!.register = 'audit';
  t.match((await found(borrowed)).codes, [/prune-forged/, 'missing']);

  const elsewhere = new MadeRegisters(20);
  elsewhere.prune('audit', 5, SIGNER);
  elsewhere.database = 'another';
  t.match((await found(elsewhere)).codes, ['prune-forged', '']);

  const early = new MadeRegisters(20);
  early.prune('audit', 5, SIGNER, 182);
  t.match(await found(early), { codes: ['prune-early', ''], text: /younger than 183 days/ });
});

t.test('whatever single thing is done to a register behind a checkpoint is found', async () => {
  const deed = fc.constantFrom('change', 'remove', 'cut', 'swap', 'move', 'prune');
  await fc.assert(
    fc.asyncProperty(deed, fc.nat(18), fc.boolean(), async (what, at, isPruned) => {
      const registers = new MadeRegisters(isPruned ? 30 : 20);
      if (isPruned) registers.prune('audit', 10, SIGNER);
      const witness = said(registers);
      const chain = registers.chains.audit;
      const row = chain[at]!;
      if (what === 'change') chain[at] = { ...row, content: row.content.with(5, 'nothing') as never };
      if (what === 'remove') chain.splice(at, 1);
      if (what === 'cut') chain.length = at;
      if (what === 'swap')
        [chain[at], chain[at + 1]] = [
          { ...chain[at + 1]!, link: row.link },
          { ...row, link: row.link + 1 },
        ];
      if (what === 'move') chain[at] = { ...row, link: row.link + 100 };
      if (what === 'prune') registers.prune('audit', row.link, FORGER);
      return (await found(registers, [witness])).audit.faults.length > 0;
    }),
  );
});

t.test('checkpoints stand in a file, signed and one after the other, torn by a kill or not', async (t) => {
  const path = join(t.testdir({}), 'registers.jsonl');
  const file = new CheckpointFile(path, SIGNER);
  await file.publishKey();
  await file.publishKey();
  t.equal(await readFile(keyFileOf(path), 'utf8'), SIGNER.publicPem);
  const registers = new MadeRegisters(3);
  t.equal(await file.last(), null);
  for (const atMs of [1, 2, 3]) {
    registers.add('access', 1);
    await file.append(registers.checkpoint(AT_MS + atMs));
  }
  const whole = await readFile(path, 'utf8');
  await writeFile(path, `${whole}{"citywatch":"checkpo`);
  await file.append(registers.checkpoint(AT_MS + 4));
  t.match(await file.last(), { registers: { access: { rows: 6 }, audit: { rows: 3 } } });
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
  const given = { keys: KEYS!, database: DATABASE, sinceMs: 0 };
  t.match(readCheckpoints(lines, given), { torn: 1, faults: [], checkpoints: { length: 4 } });

  const without = readCheckpoints(lines.toSpliced(1, 1), given);
  t.match(without.faults, [/lines before line 2 of the checkpoints were changed or taken out/]);
  const changed = readCheckpoints(lines.with(1, lines[1]!.replace('"rows":3', '"rows":4')), given);
  t.match(changed.faults, [/line 2 .* not signed by a key/, /lines before line 3/]);
  t.match(readCheckpoints(lines, { ...given, database: 'another' }).faults[0], /line 1 .* is of another database/);
  const later = readCheckpoints(lines, { ...given, sinceMs: AT_MS + 3 });
  t.match(later, { faults: [], checkpoints: { length: 2 } });

  const other = new CheckpointFile(path, FORGER);
  const told = async () => (await other.keys()).map(({ id, pem }) => [id, PublicKeys.parse(pem)!.ids[0]]);
  const [mine, its] = [SIGNER.keyId, FORGER.keyId].map((id) => [id, id]);
  t.strictSame(await told(), [mine, its], 'the present key last, also before it is published');
  await other.publishKey();
  t.strictSame(await told(), [mine, its]);
  const both = PublicKeys.parse(await readFile(keyFileOf(path), 'utf8'));
  t.same(both?.ids, [SIGNER.keyId, FORGER.keyId], 'a key of before stays for the lines it signed');
  t.equal(PublicKeys.parse('nothing'), null);
});

t.test('an exported file is judged as the database was', async (t) => {
  const path = join(t.testdir({}), 'export.jsonl');
  const registers = new MadeRegisters(20);
  const witness = said(registers);
  registers.prune('audit', 5, SIGNER);
  const lines: string[] = [];
  for await (const line of exportedLines(registers, '2026-11-01T00:00:00.000Z')) lines.push(line);
  const write = (kept: string[]) => writeFile(path, `${kept.join('\n')}\n`);
  await write(lines);
  t.match(await found(await exportSource(path), [witness]), {
    codes: ['', ''],
    audit: { checked: 15 },
    access: { checked: 20 },
  });
  await write(lines.with(3, lines[3]!.replace('device.create', 'device.delete')));
  t.match((await found(await exportSource(path), [witness])).codes, ['changed', '']);
  await write(lines.slice(0, -1));
  await t.rejects(exportSource(path), { code: 'request.invalid', message: /is cut short/ });
  await write(lines.toSpliced(-2, 1));
  await t.rejects(
    exportSource(path).then((source) => found(source)),
    { message: /says that it has 20 rows of "access", but has 19/ },
  );
  await write(['{}']);
  await t.rejects(exportSource(path), { code: 'request.invalid', message: /is no export of the registers/ });
});
