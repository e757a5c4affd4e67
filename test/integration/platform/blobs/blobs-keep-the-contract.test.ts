import t from 'tap';
import { conforms } from '../../../support/blobs/blob-conformance.ts';
import { localFolderWorld } from '../../../support/blobs/blob-worlds.ts';
import { openDatabase } from '../../../support/devices/registry.ts';

const database = await openDatabase(t);

/** A new kind of store is its world here. */
t.test('a local folder', (t) => conforms(t, (t) => localFolderWorld(t, database)));
