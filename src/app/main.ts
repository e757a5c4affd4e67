import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

// Compiled code is kept between starts: half of a warm start is compiling. Where it cannot be written nothing is lost.
enableCompileCache(join(import.meta.dirname, '../../.cache/compiled'));
const { main } = await import('./cli.ts');
process.exit(await main(process.argv.slice(2)));
