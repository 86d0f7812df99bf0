import * as v from 'valibot';
import { open, seal } from '../shared/api/sealed.ts';
import type { CachedSecret } from '../shared/config/cached-secret.ts';
import { sha256 } from '../shared/sha256.ts';

/** Where a search goes on, and since when it has been under way. */
const cursorSchema = v.object({
  sk: v.string(),
  pbx: v.string(),
  asOf: v.number(),
  search: v.string(),
});

export type CursorContent = Omit<v.InferOutput<typeof cursorSchema>, 'search'>;

export interface Cursors {
  /** `search`: the parameters, without those that may differ from page to page. */
  create(content: CursorContent, search: object): Promise<string>;
  /** `undefined` if the cursor is not one of this search. */
  read(cursor: string, search: object): Promise<CursorContent | undefined>;
}

/**
 * Cursors that only the API can read and make: the row at which a page ends may be one that the person may not see.
 */
export const createCursors = (secret: CachedSecret): Cursors => ({
  async create(content, search) {
    return seal(await secret.digest(), 'cursor', { ...content, search: digestOf(search) });
  },
  async read(cursor, search) {
    const content = await secret.tryDigests((digest) => {
      const opened = open(digest, 'cursor', cursor);
      return v.is(cursorSchema, opened) ? opened : undefined;
    });
    return content?.search === digestOf(search) ? content : undefined;
  },
});

const digestOf = (search: object) => sha256(JSON.stringify(search)).toString('base64url');
