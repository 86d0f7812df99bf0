import * as v from 'valibot';

/** What the archive publishes on the default event bus. */
export const eventsSchema = v.strictObject({
  /** Whether events contain phone numbers, and the recordings' names, which contain them too. */
  numbers: v.optional(v.boolean(), false),
  /** Whether it is published that somebody shared a recording. Such events name the person. */
  shared: v.optional(v.boolean(), false),
  /** Whether accesses to recordings are published, as the access log has them. */
  accessed: v.optional(v.boolean(), false),
  /** Posts each event to a web server. */
  webhook: v.optional(
    v.strictObject({
      url: v.pipe(v.string(), v.url(), v.startsWith('https://', 'should begin with https://')),
      /** Name of the header by which the web server recognizes the archive. */
      header: v.pipe(
        v.string(),
        v.regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,512}$/, 'should be the name of an HTTP header'),
      ),
      /** Name of the secret in Secrets Manager with the value of the header. */
      secret: v.pipe(
        v.string(),
        v.regex(/^[\w/+=.@-]{1,512}$/, 'should be the name of a secret in Secrets Manager'),
      ),
    }),
  ),
});
