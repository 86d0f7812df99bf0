import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { RIGHTS } from '../api/contract.ts';
import { parseSettings } from './parse-settings.ts';
import { pbxIdSchema } from './pbx-registry.ts';

const name = v.pipe(v.string(), v.nonEmpty('should not be empty'));

const role = v.strictObject({
  /** Ids of PBXs, or `*` for all. */
  pbxs: v.pipe(
    v.array(v.union([v.literal('*'), pbxIdSchema])),
    v.nonEmpty('should not be empty'),
    v.maxLength(50, 'should have at most 50 entries'),
  ),
  /** Only calls from or to these. All calls if absent. */
  extensions: v.optional(
    v.pipe(
      v.array(name),
      v.nonEmpty('should not be empty'),
      v.maxLength(50, 'should have at most 50 entries'),
    ),
  ),
  rights: v.pipe(v.array(v.picklist(RIGHTS)), v.nonEmpty('should not be empty')),
});

export type Role = v.InferOutput<typeof role>;

/** The roles of a JWT. The same in `cdk.json` and in the file. */
export const rolesSchema = v.strictObject({
  /** Claim with the names of a person's roles. */
  claim: name,
  map: v.pipe(
    v.record(
      // API Gateway joins a list with spaces, so a name with a space could not be told from two names.
      v.pipe(v.string(), v.regex(/^[^\s,[\]]+$/, 'should be a name without spaces, commas and brackets')),
      role,
    ),
    v.minEntries(1, 'should have at least one role'),
    v.maxEntries(100, 'should have at most 100 roles'),
  ),
});

export const sharesSchema = v.strictObject({
  allowed: v.boolean(),
  maxDays: v.number(),
  defaultDays: v.number(),
});

/** What the functions have to know about people. A file, because it does not fit into Lambda's 4 KB of environment variables. */
export const accessSchema = v.strictObject({
  /** How the page signs people in with `jwt`. Without it, there is no page. */
  signIn: v.optional(v.strictObject({ issuer: v.string(), clientId: v.string(), scope: v.string() })),
  /** Claim with the name of a person. */
  personClaim: v.optional(v.string()),
  /** Without roles, everybody who is authorized has all rights. */
  roles: v.optional(rolesSchema),
  shares: sharesSchema,
  /** Where people reach the page, if not at the host that requests name. */
  origin: v.optional(v.string()),
  /** How long the access log is kept. */
  accessLogDays: v.number(),
  /** Which rows of the access log are also published. Without it, none. */
  events: v.optional(
    v.strictObject({
      types: v.array(v.picklist(['Recording Shared', 'Recording Accessed'])),
      /** Whether events contain phone numbers. */
      numbers: v.boolean(),
      /** Name of the stack. */
      archive: v.string(),
      keySecret: v.string(),
    }),
  ),
});

export type AccessSettings = v.InferOutput<typeof accessSchema>;

export const readAccessSettings = (path: string): AccessSettings =>
  parseSettings(`The access settings ${path}`, accessSchema, JSON.parse(readFileSync(path, 'utf8')));
