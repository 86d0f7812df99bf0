/**
 * Keys of the DynamoDB tables. The stack creates the tables with them, and so does the local host. All keys are strings.
 */

export interface TableKeys {
  readonly partition: string;
  readonly sort: string;
  /** Global secondary indexes by name: partition key of each. Their sort key is that of the table. */
  readonly indexes: Readonly<Record<string, string>>;
}

/**
 * The index of the recordings: one row for each, which can be rebuilt from the bucket. `sk` is `at#name`, so a query
 * returns the recordings of a PBX by time. The attributes of the global indexes begin with the PBX's id and `#`.
 */
export const INDEX_TABLE = {
  partition: 'pbx',
  sort: 'sk',
  indexes: { byFrom: 'fromKey', byTo: 'toKey', byCall: 'callKey' },
} as const satisfies TableKeys;

/**
 * Shares and the access log, which exist nowhere else. `pk` says what a row belongs to, `sk` orders it by time. A share is
 * also found by who made it and by its recording, an access by who it was.
 */
export const ACCESS_TABLE = {
  partition: 'pk',
  sort: 'sk',
  indexes: { byPerson: 'person', byRecording: 'recordingKey' },
} as const satisfies TableKeys;

/** Attribute with the second (Unix epoch) at which DynamoDB may delete a row. It may take days, so code checks it too. */
export const TTL_ATTRIBUTE = 'expiresAt';
