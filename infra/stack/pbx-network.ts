import { Annotations, Stack } from 'aws-cdk-lib';
import {
  CfnVPCEndpoint,
  type ISecurityGroup,
  type IVpc,
  Port,
  SecurityGroup,
  Subnet,
  type SubnetSelection,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import type { NetworkConfig } from '../config/network-config.ts';

/** The existing VPC that the functions enter to reach a PBX, and how they reach AWS from in there. */
export class PbxNetwork extends Construct {
  readonly placement: { vpc: IVpc; vpcSubnets: SubnetSelection; securityGroups: ISecurityGroup[] };

  constructor(scope: Construct, id: string, config: NetworkConfig) {
    super(scope, id);
    // Known by its ids alone: a lookup would need the account at synth. Nothing here asks for the zones, but
    // the CDK wants one.
    const vpc = Vpc.fromVpcAttributes(this, 'Vpc', { vpcId: config.vpcId, availabilityZones: ['unknown'] });
    const subnets = config.subnetIds.map((subnetId) => Subnet.fromSubnetId(this, subnetId, subnetId));
    Annotations.of(this).acknowledgeWarning(
      '@aws-cdk/aws-ec2:noSubnetRouteTableId',
      'The route tables are in the configuration, for the one endpoint that needs them.',
    );
    const securityGroups = config.securityGroupIds?.map((groupId) =>
      SecurityGroup.fromSecurityGroupId(this, groupId, groupId, { mutable: false }),
    ) ?? [
      new SecurityGroup(this, 'Functions', {
        vpc,
        description: 'Functions that talk to a PBX: all traffic out, none in',
      }),
    ];
    this.placement = { vpc, vpcSubnets: { subnets }, securityGroups };
    if (config.endpoints === 'create') this.addEndpoints(config, vpc, securityGroups);
  }

  private addEndpoints(
    config: Extract<NetworkConfig, { endpoints: 'create' }>,
    vpc: IVpc,
    functionGroups: ISecurityGroup[],
  ): void {
    const { region } = Stack.of(this);
    const doors = new SecurityGroup(this, 'Endpoints', {
      vpc,
      description: 'Endpoints for SQS and Secrets Manager: https from the functions alone',
      allowAllOutbound: false,
    });
    for (const group of functionGroups)
      doors.addIngressRule(group, Port.HTTPS, 'Functions that talk to a PBX');

    // Without a policy of its own: it is the route of everything in these subnets, not only of the functions.
    new CfnVPCEndpoint(this, 'S3', {
      vpcEndpointType: 'Gateway',
      serviceName: `com.amazonaws.${region}.s3`,
      vpcId: config.vpcId,
      routeTableIds: config.routeTableIds,
    });
    for (const service of ['sqs', 'secretsmanager']) {
      new CfnVPCEndpoint(this, service, {
        vpcEndpointType: 'Interface',
        serviceName: `com.amazonaws.${region}.${service}`,
        vpcId: config.vpcId,
        subnetIds: config.subnetIds,
        securityGroupIds: [doors.securityGroupId],
        privateDnsEnabled: true,
      });
    }
  }
}
