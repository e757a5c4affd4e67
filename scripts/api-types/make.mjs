import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import openapiTS, { astToString } from 'openapi-typescript';
import { pinnedNode } from '../pinned-node.mjs';
import { ROOT } from '../root.mjs';
import { bodiesOf, headOf, partOf } from './part.mjs';

/** Makes web/src/ground/openapi.d.ts and bodies.json of the document that the API of this source tree gives out. */
const PRINT = join(ROOT, 'test/support/api/print-document.ts');

const printed = execFileSync(pinnedNode(), [PRINT], { cwd: ROOT, maxBuffer: 64 * 1024 * 1024 });
const document = JSON.parse(printed);
const part = partOf(document);
const types = astToString(await openapiTS(JSON.stringify(part), { alphabetize: false }));
writeFileSync(join(ROOT, 'web/src/ground/openapi.d.ts'), headOf(part, types) + types);
writeFileSync(join(ROOT, 'web/src/ground/bodies.json'), `${JSON.stringify(bodiesOf(document), null, 2)}\n`);
