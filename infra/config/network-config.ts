import * as v from 'valibot';

const idList = (pattern: RegExp, example: string) =>
  v.pipe(
    v.array(v.pipe(v.string(), v.regex(pattern, `should look like ${example}`))),
    v.nonEmpty('should not be empty'),
  );

const common = {
  vpcId: v.pipe(
    v.string(),
    v.regex(/^vpc-([0-9a-f]{8}|[0-9a-f]{17})$/, 'should look like vpc-0123456789abcdef0'),
  ),
  subnetIds: idList(/^subnet-([0-9a-f]{8}|[0-9a-f]{17})$/, 'subnet-0123456789abcdef0'),
  /** What a firewall on the way to the PBX may already know; without it the stack makes a group of its own. */
  securityGroupIds: v.optional(idList(/^sg-([0-9a-f]{8}|[0-9a-f]{17})$/, 'sg-0123456789abcdef0')),
};

/** An existing VPC: for a PBX behind a VPN, or for a fixed egress address. */
export const networkSchema = v.variant('endpoints', [
  v.strictObject({
    ...common,
    /**
     * The stack makes endpoints for S3, SQS and Secrets Manager. SQS and Secrets Manager then resolve to
     * them in the whole VPC, and they let in nobody but our functions: only for a VPC whose other machines
     * use neither, and that has no such endpoints yet. An endpoint takes one subnet of each zone.
     */
    endpoints: v.literal('create'),
    /** Of these subnets: a gateway endpoint, such as S3's, is a route. */
    routeTableIds: idList(/^rtb-([0-9a-f]{8}|[0-9a-f]{17})$/, 'rtb-0123456789abcdef0'),
  }),
  v.strictObject({
    ...common,
    /** The subnets reach AWS already, through a NAT gateway or endpoints. */
    endpoints: v.literal('existing'),
  }),
]);

export type NetworkConfig = v.InferOutput<typeof networkSchema>;
