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

/** Takes reports over plain HTTP, which API Gateway does not, and passes them on over HTTPS. */
export class PlainHttpEndpoint extends Construct {
  /** Without scheme. */
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
      // API Gateway knows itself only by its own host name.
      originRequestPolicy: OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
    };
    const distribution = new Distribution(this, 'Distribution', {
      comment: 'Call reports of PBXs that cannot post to https',
      // Links work here too, but nobody gets one over plain HTTP.
      defaultBehavior: { ...behavior, viewerProtocolPolicy: ViewerProtocolPolicy.HTTPS_ONLY },
      additionalBehaviors: {
        '/reports/*': { ...behavior, viewerProtocolPolicy: ViewerProtocolPolicy.ALLOW_ALL },
      },
      // Reports are a few hundred bytes; where they enter the network hardly matters.
      priceClass: PriceClass.PRICE_CLASS_100,
    });
    this.host = distribution.domainName;
    acceptFindings(distribution, {
      CFR1: 'A PBX may stand in any country.',
      CFR2: 'The secret in the path decides, and API Gateway throttles; a WAF costs more than the rest of the stack.',
      CFR3: 'An access log would hold the path, and the path holds the secret.',
      CFR4: 'This front exists to take plain HTTP; the default certificate allows no higher minimum.',
    });
  }
}
