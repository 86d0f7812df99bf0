import {
  AllowedMethods,
  CachePolicy,
  Distribution,
  OriginProtocolPolicy,
  OriginRequestPolicy,
  OriginSslPolicy,
  PriceClass,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront';
import { HttpOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import { Construct } from 'constructs';
import { acceptFindings } from './nag.ts';

/** Accepts reports over plain HTTP, which API Gateway does not, and forwards them over HTTPS. */
export class PlainHttpEndpoint extends Construct {
  /** Host name, without a scheme. */
  readonly host: string;

  constructor(scope: Construct, id: string, apiHost: string) {
    super(scope, id);
    const behavior = {
      origin: new HttpOrigin(apiHost, {
        protocolPolicy: OriginProtocolPolicy.HTTPS_ONLY,
        originSslProtocols: [OriginSslPolicy.TLS_V1_2],
      }),
      allowedMethods: AllowedMethods.ALLOW_ALL,
      cachePolicy: CachePolicy.CACHING_DISABLED,
      // API Gateway accepts requests only under its own host name.
      originRequestPolicy: OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
    };
    const distribution = new Distribution(this, 'Distribution', {
      comment: 'Call reports from PBXs that cannot post to https',
      // The link API is reachable here too, but not over plain HTTP.
      defaultBehavior: { ...behavior, viewerProtocolPolicy: ViewerProtocolPolicy.HTTPS_ONLY },
      additionalBehaviors: {
        '/reports/*': { ...behavior, viewerProtocolPolicy: ViewerProtocolPolicy.ALLOW_ALL },
      },
      // Reports are a few hundred bytes, so the nearest edge location hardly matters.
      priceClass: PriceClass.PRICE_CLASS_100,
    });
    this.host = distribution.domainName;
    acceptFindings(distribution, {
      CFR1: 'A PBX may be in any country.',
      CFR2: 'The secret in the path authorizes, and API Gateway throttles. A WAF costs more than the rest of the stack.',
      CFR3: 'An access log would contain the path, and the path contains the secret.',
      CFR4: 'This endpoint exists to accept plain HTTP. The default certificate does not allow a higher minimum.',
    });
  }
}
