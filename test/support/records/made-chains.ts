import { DAY_MS, toRfc3339 } from '../../../src/core/clock.ts';
import { BEGINNING, type ChainPoint, chainHash, type SealedRow } from '../../../src/platform/records/chain.ts';
import type { Checkpoint } from '../../../src/platform/records/checkpoint.ts';
import type { Source } from '../../../src/platform/records/judge.ts';
import { type PruneProof, proofText } from '../../../src/platform/records/prune-proof.ts';
import { ACCESS, AUDIT, REGISTERS, type RegisterName } from '../../../src/platform/records/registers.ts';
import type { Signer } from '../../../src/platform/records/signing.ts';

export const DATABASE = 'a-database';
export const AT_MS = Date.UTC(2026, 10, 1);

/** Both registers in memory, for whoever tampers with them. */
export class MadeRegisters implements Source {
  database = DATABASE;
  proofs: PruneProof[] = [];
  readonly chains: Record<RegisterName, SealedRow[]> = { audit: [], access: [] };

  constructor(rows: number) {
    for (const { name } of REGISTERS) this.add(name, rows);
  }

  add(name: RegisterName, rows: number, said = 'device.create'): void {
    const chain = this.chains[name];
    for (let row = 0; row < rows; row += 1) {
      const { link, hash } = this.end(name);
      const { columns } = name === 'audit' ? AUDIT : ACCESS;
      const content = [link + 1, AT_MS, 'person', 'p-1', 'Li', said, `device/k-${link + 1}`, ...columns.slice(7)];
      chain.push({ link: link + 1, hash: chainHash(hash, content), content });
    }
  }

  end(name: RegisterName): ChainPoint {
    return this.chains[name].at(-1) ?? this.proofs.findLast(({ register }) => register === name) ?? BEGINNING;
  }

  /** As the housekeeping does, with a proof by `signer`. */
  prune(register: RegisterName, link: number, signer: Signer, keptDays = 183): void {
    const { hash } = this.chains[register].find((row) => row.link === link)!;
    const said = { register, link, hash, keptFromMs: AT_MS - keptDays * DAY_MS, atMs: AT_MS };
    this.proofs.push({ ...said, keyId: signer.keyId, signature: signer.sign(proofText(this.database, said)) });
    this.chains[register] = this.chains[register].filter((row) => row.link > link);
  }

  checkpoint(atMs: number): Omit<Checkpoint, 'previous'> {
    const standing = (name: RegisterName) => {
      const { link, hash } = this.end(name);
      return { rows: link, head: hash.toString('hex') };
    };
    const registers = { audit: standing('audit'), access: standing('access') };
    return { citywatch: 'checkpoint', v: 1, at: toRfc3339(atMs), database: this.database, registers };
  }

  /** As they are now, whatever is done to them later. */
  copy(): MadeRegisters {
    const copy = new MadeRegisters(0);
    copy.proofs = [...this.proofs];
    for (const { name } of REGISTERS) copy.chains[name] = [...this.chains[name]];
    return copy;
  }

  rows({ name }: { name: RegisterName }, after: number): SealedRow[] {
    return this.chains[name].filter(({ link }) => link > after);
  }

  async unsealed(): Promise<number> {
    return 0;
  }
}
