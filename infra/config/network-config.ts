import * as v from 'valibot';

const idList = (pattern: RegExp, example: string, maxLength: number) =>
  v.pipe(
    v.array(v.pipe(v.string(), v.regex(pattern, `should look like ${example}`))),
    v.nonEmpty('should not be empty'),
    v.maxLength(maxLength, `should have at most ${maxLength} entries`),
  );

/** Lambda's limits (`VpcConfig` in its API reference). */
const [MAX_SUBNETS, MAX_SECURITY_GROUPS] = [16, 5];

const common = {
  vpcId: v.pipe(
    v.string(),
    v.regex(/^vpc-([0-9a-f]{8}|[0-9a-f]{17})$/, 'should look like vpc-0123456789abcdef0'),
  ),
  subnetIds: idList(/^subnet-([0-9a-f]{8}|[0-9a-f]{17})$/, 'subnet-0123456789abcdef0', MAX_SUBNETS),
  /** Groups that a firewall on the way to the PBX may already allow. If absent, the stack creates one. */
  securityGroupIds: v.optional(
    idList(/^sg-([0-9a-f]{8}|[0-9a-f]{17})$/, 'sg-0123456789abcdef0', MAX_SECURITY_GROUPS),
  ),
};

/** An existing VPC: for a PBX behind a VPN, or for a fixed egress address. */
export const networkSchema = v.variant('endpoints', [
  v.strictObject({
    ...common,
    /**
     * The stack creates endpoints for S3, SQS and Secrets Manager. The names of SQS and Secrets Manager then
     * resolve to these endpoints in the whole VPC, but the endpoints admit only the stack's functions. Use this
     * only in a VPC that has no such endpoints yet and whose other machines use neither service. An endpoint
     * accepts one subnet per Availability Zone.
     */
    endpoints: v.literal('create'),
    /** The route tables of these subnets, one each at most: a gateway endpoint, such as S3's, is a route in them. */
    routeTableIds: idList(/^rtb-([0-9a-f]{8}|[0-9a-f]{17})$/, 'rtb-0123456789abcdef0', MAX_SUBNETS),
  }),
  v.strictObject({
    ...common,
    /** The subnets already reach AWS, through a NAT gateway or endpoints. */
    endpoints: v.literal('existing'),
  }),
]);

export type NetworkConfig = v.InferOutput<typeof networkSchema>;
