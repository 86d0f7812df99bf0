import type { Claim } from '../verification.ts';

/** What the details of a recording say. Loaded with them. */
export const en = {
  stateMeaning: {
    waiting: 'The archive is fetching this recording from the PBX. Look again in a few minutes.',
    lost: 'The PBX no longer had this recording when the archive asked for it. If it turns up there again, your administrator can have it fetched.',
    'dead-lettered':
      'The archive has stopped trying to fetch this recording. Your administrator can start it again.',
  },
  heading: 'Details',
  name: 'Name',
  callId: 'Call ID',
  status: 'Result of the call',
  statuses: {
    answered: 'Answered',
    'no answer': 'No answer',
    busy: 'Busy',
    failed: 'Failed',
    voicemail: 'Voicemail',
  },
  did: 'Number dialed',
  trunk: 'Trunk',
  size: 'Size',
  checksum: 'CRC-32 (Base64)',
  archivedAt: 'Archived',
  verified: 'Completeness',
  notVerified: 'It is not known how its completeness was verified.',
  claims: {
    'content-length': 'The PBX announced the length, and all of it arrived.',
    'listed-size': "The size is the one in the PBX's list of recordings.",
    header: 'All sizes in the file agree with its length.',
    'identical-downloads': 'Two downloads some minutes apart were identical.',
    'header-contradicts': 'The size stated in the file does not match its actual size.',
    'header-states-more': 'The file states more audio than it contains: the end may be missing.',
    'header-unwritten':
      'The PBX never completed the header of the file, so the file cannot vouch for its length.',
    'shorter-than-talk-time': 'The audio is several seconds shorter than the call.',
    'unknown-format': 'The file does not start like any known audio format.',
  } satisfies Record<Claim, string>,
};

export type DetailsMessages = typeof en;
