import { EtagMismatch, type RangeResponse, type Source } from 'pmtiles';
import { ApiError, request } from '../../api.ts';

const CITY = '/map/city.pmtiles';
/** RFC 9110 §15.5.17. */
const BEYOND_ITS_END = 416;

/** Reads parts of the file with the session of whoever looks. */
export class CityFile implements Source {
  getKey(): string {
    return 'city';
  }

  /** `known`: the mark of the file that the place was read from; another file has something else there. */
  async getBytes(offset: number, length: number, signal?: AbortSignal, known?: string): Promise<RangeResponse> {
    const headers = { range: `bytes=${offset}-${offset + length - 1}` };
    const response = await request(CITY, { headers, ...(signal && { signal }) }).catch((error: unknown) => {
      if (error instanceof ApiError && error.status === BEYOND_ITS_END) throw new EtagMismatch('another file');
      throw error;
    });
    const etag = response.headers.get('etag') ?? undefined;
    if (known !== undefined && etag !== known) {
      await response.body?.cancel();
      throw new EtagMismatch('another file');
    }
    return { data: await response.arrayBuffer(), ...(etag === undefined ? {} : { etag }) };
  }
}
