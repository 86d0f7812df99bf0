import type { InferOutput } from 'valibot';
import type * as contract from '../../shared/api/contract.ts';

/** The types of what the API responds with. No schema is bundled: both sides are deployed together. */
export type Config = InferOutput<typeof contract.configSchema>;
export type Me = InferOutput<typeof contract.meSchema>;
export type Pbx = Me['pbxs'][number];
export type SearchPage = InferOutput<typeof contract.searchSchema>;
export type Recording = SearchPage['recordings'][number];
export type RecordingWithLink = InferOutput<typeof contract.recordingSchema>;
export type Link = InferOutput<typeof contract.linkSchema>;
export type Share = InferOutput<typeof contract.shareSchema>;
export type CreatedShare = InferOutput<typeof contract.createdShareSchema>;
export type SharesPage = InferOutput<typeof contract.sharesSchema>;
export type OpenedShare = InferOutput<typeof contract.openedShareSchema>;
export type Access = InferOutput<typeof contract.accessSchema>;
export type AccessPage = InferOutput<typeof contract.accessLogSchema>;
export type ErrorBody = InferOutput<typeof contract.errorSchema>;
export type Right = contract.Right;
