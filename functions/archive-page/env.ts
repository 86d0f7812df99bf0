import * as v from 'valibot';

/** Sources of a Content-Security-Policy, separated by spaces. None may end the directive, or begin another. */
const sources = v.pipe(
  v.string(),
  v.regex(/^https?:\/\/[^;,']+$/, 'should be URLs without ; , or quotation marks'),
);

export const envSchema = v.object({
  /** Holds index.html and assets/, as infra/page/build-page.ts writes them. */
  PAGE_DIRECTORY: v.string(),
  /** What the page may play: where presigned links to recordings lead. */
  MEDIA_SOURCES: sources,
  /** What it may fetch: recordings, too, and tokens if people sign in with OpenID Connect. */
  CONNECT_SOURCES: sources,
});
