import { ArchiveError } from '../errors.ts';

/** Another function is logging in or refreshing the token, or has just tried. */
export class LoginInProgress extends ArchiveError {
  /** An attempt before this one has failed, too. */
  readonly hasFailedBefore: boolean;

  constructor(until: number, hasFailedBefore = false) {
    super('login-in-progress', 'Another function is logging in, or has just tried without success.', {
      notBefore: until,
    });
    this.hasFailedBefore = hasFailedBefore;
  }
}
