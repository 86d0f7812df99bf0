import type { Right } from '../api/contract.ts';

/** Rights on some recordings: those of the PBXs, and of these only the calls from or to the extensions, if any are named. */
export interface Grant {
  readonly pbxs: '*' | readonly string[];
  readonly extensions?: readonly string[] | undefined;
  readonly rights: readonly Right[];
}

/** Who is asking. */
export interface Principal {
  /** Name for the access log. */
  readonly person: string;
  /** How they were authorized. */
  readonly by: 'token' | 'session' | 'jwt' | 'iam';
  /** Each stands for itself: a right of one does not extend to the recordings of another. */
  readonly grants: readonly Grant[];
  /** Names of the roles that give them; only with `jwt`, and if roles are configured. */
  readonly roles?: readonly string[];
  /** Only with `jwt`, and if it names a subject. */
  readonly token?: VerifiedToken;
}

/** Which person a JWT is about, and when it was issued. */
export interface VerifiedToken {
  /** The claim `sub`, which no other person of the issuer has, and nobody can change. */
  readonly subject: string;
  /** The claim `iat`: epoch seconds, 0 if there is none. */
  readonly issuedAt: number;
}

/** What decides about a right on a recording. */
export interface Subject {
  readonly pbx: string;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** The grants with a right on at least some recordings of a PBX. */
export const grantsOn = ({ grants }: Pick<Principal, 'grants'>, right: Right, pbx: string): Grant[] =>
  grants.filter((grant) => grant.rights.includes(right) && (grant.pbxs === '*' || grant.pbxs.includes(pbx)));

/** Whether the person has the right on this recording. */
export const may = (principal: Pick<Principal, 'grants'>, right: Right, subject: Subject): boolean =>
  grantsOn(principal, right, subject.pbx).some(
    ({ extensions }) =>
      extensions === undefined || extensions.some((extension) => isPartyOf(extension, subject)),
  );

/** Whether the person has the right on any recording at all. */
export const mayAnywhere = ({ grants }: Principal, right: Right): boolean =>
  grants.some(({ rights }) => rights.includes(right));

/** Whether the person has the right on all recordings of at least one PBX. */
export const mayOnWholePbx = ({ grants }: Principal, right: Right): boolean =>
  grants.some(({ rights, extensions }) => rights.includes(right) && extensions === undefined);

/** Exactly: a search may find another number with the same last digits, but nobody may hear its calls. */
const isPartyOf = (extension: string, { from, to }: Subject) =>
  [from, to].some((number) => number?.trim() === extension);
