import { type FailureKind, PbxRefusal } from '../errors.ts';

/**
 * What a refusal shows besides the failure of a session: what responds is not the API that was expected, or has it turned
 * off; or it does not accept requests from our address.
 */
export type Obstacle = 'not-the-api' | 'address-refused';

/** What an error number of a PBX means. */
export interface Meaning {
  kind: FailureKind;
  /** What the PBX did, as a predicate. */
  problem: string;
  /** What a person should know or do. */
  advice?: string;
  /** For a login: how long no other one is worth trying. */
  lockoutMs?: number;
  /** The same download may succeed at once. Otherwise the PBX does not have the recording. */
  isMomentary?: boolean;
  /** The cause may be something other than the token or the credentials. */
  isDoubtful?: boolean;
  obstacle?: Obstacle;
}

interface NumberFormat {
  /** The API's own word for its error numbers. */
  label: string;
  /** What a number looks like: it becomes part of an error code, so arbitrary text from the PBX must not get through. */
  pattern: RegExp;
}

const UNKNOWN: Meaning = { kind: 'transient', problem: 'returned an unknown error' };

const codeOf = (number: string) => `pbx-${number.replace(/^-/, 'minus-')}`;

/** The errors for the error numbers of a family. */
export function createRefusals(meanings: ReadonlyMap<string, Meaning>, { label, pattern }: NumberFormat) {
  const obstacles = new Map([...meanings].map(([number, { obstacle }]) => [codeOf(number), obstacle]));
  return {
    /**
     * The error for a number. An unknown one is retried.
     *
     * @param parameters the names of those that the PBX found wrong
     * @param meaning if it is another one than usual
     */
    toRefusal(value: string, parameters: readonly string[] = [], meaning?: Meaning): PbxRefusal {
      const number = pattern.test(value) ? value : 'malformed';
      const { problem, advice, ...options } = meaning ?? meanings.get(number) ?? UNKNOWN;
      const named = parameters.length === 0 ? '' : `: ${parameters.join(', ')}`;
      const message = `The PBX ${problem} (${label} ${number}${named}).`;
      return new PbxRefusal(codeOf(number), advice === undefined ? message : `${message} ${advice}`, options);
    },

    /** The obstacle that the code of an error shows, if it shows one. */
    obstacleOf: (code: string): Obstacle | undefined => obstacles.get(code),
  };
}
