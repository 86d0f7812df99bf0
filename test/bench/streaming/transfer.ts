/** What the uploaders that archive-recording is compared with are asked to do. */
export interface Transfer {
  /** The recording's URL. */
  source: string;
  /** Of S3, without the bucket. */
  endpoint: string;
  bucket: string;
  key: string;
}
