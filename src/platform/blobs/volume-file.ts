/** Names the file by which a directory is known again; apart, so that a small process need not read all the rest. */
export const VOLUME_FILE = '.citywatch-volume';
