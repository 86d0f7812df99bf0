import * as v from 'valibot';

/** The settings that only a PBX of this family has. */
export const pSeriesSettings = {
  family: v.literal('p-series'),
  /**
   * What makes a report authentic: the signature in its header, or, for a firmware that does not sign, the secret in the
   * path of the report URL.
   */
  reportAuthentication: v.optional(v.picklist(['signature', 'path']), 'signature'),
};

/** Nobody types these: blanks around them come from copying. */
const pasted = v.optional(v.pipe(v.string(), v.trim()), '');

/** The API's credentials, and the secret of the webhook, which the PBX makes. During a change there are two. */
export const pSeriesCredentials = {
  fields: ['clientId', 'clientSecret', 'signatureSecret'],
  labels: ['client ID', 'client secret', 'secret of the webhook'],
  schema: v.pipe(
    v.object({
      clientId: pasted,
      clientSecret: pasted,
      signatureSecret: pasted,
      previousSignatureSecret: pasted,
    }),
    v.transform(({ clientId, clientSecret, signatureSecret, previousSignatureSecret }) => ({
      username: clientId,
      password: clientSecret,
      signatureSecrets: [signatureSecret, previousSignatureSecret].filter((secret) => secret !== ''),
    })),
  ),
};
