/** HTTP status of S3's error codes. Those that are not listed have 400. */
const STATUS: Readonly<Record<string, number>> = {
  AccessDenied: 403,
  DiskFailed: 507,
  DiskFull: 507,
  DiskNotWritable: 507,
  InternalError: 500,
  InvalidAccessKeyId: 403,
  InvalidRange: 416,
  MisdirectedRequest: 421,
  MissingContentLength: 411,
  NoSuchBucket: 404,
  NoSuchKey: 404,
  NoSuchUpload: 404,
  NoSuchVersion: 404,
  NotImplemented: 501,
  PreconditionFailed: 412,
  RequestTimeTooSkewed: 403,
  SignatureDoesNotMatch: 403,
  StateDamaged: 507,
};

export class S3Error extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
    this.status = STATUS[code] ?? 400;
  }
}
