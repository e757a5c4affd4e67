import t from 'tap';
import { conforms } from '../../../support/blobs/blob-conformance.ts';
import { localFolderWorld } from '../../../support/blobs/blob-worlds.ts';
import { bucketWorld } from '../../../support/blobs/made-up-bucket.ts';
import { openDatabase } from '../../../support/devices/registry.ts';

const database = await openDatabase(t);

/** A new kind of store is its world here. */
t.test('a local folder', (t) => conforms(t, (t) => localFolderWorld(t, database)));
t.test('a bucket that was made up', (t) => conforms(t, bucketWorld));
