import { Annotations } from 'aws-cdk-lib';
import {
  CfnVPCEndpoint,
  GatewayVpcEndpointAwsService,
  InterfaceVpcEndpointAwsService,
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

/** The existing VPC from which the functions reach a PBX, and the endpoints for AWS services in it. */
export class PbxNetwork extends Construct {
  readonly placement: { vpc: IVpc; vpcSubnets: SubnetSelection; securityGroups: ISecurityGroup[] };

  constructor(scope: Construct, id: string, config: NetworkConfig) {
    super(scope, id);
    // Imported by ids, because a lookup would need the account at synth. The zones are not used, but the CDK
    // requires one.
    const vpc = Vpc.fromVpcAttributes(this, 'Vpc', { vpcId: config.vpcId, availabilityZones: ['unknown'] });
    const subnets = config.subnetIds.map((subnetId) => Subnet.fromSubnetId(this, subnetId, subnetId));
    Annotations.of(this).acknowledgeWarning(
      '@aws-cdk/aws-ec2:noSubnetRouteTableId',
      'Only the gateway endpoints need route tables, and they take them from the configuration.',
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
    const endpointGroup = new SecurityGroup(this, 'Endpoints', {
      vpc,
      description: 'Endpoints for SQS and Secrets Manager: https from the functions alone',
      allowAllOutbound: false,
    });
    for (const group of functionGroups)
      endpointGroup.addIngressRule(group, Port.HTTPS, 'Functions that talk to a PBX');

    // No endpoint policy: everything in these subnets reaches the service through it, not only the functions.
    for (const [id, service] of [
      ['S3', GatewayVpcEndpointAwsService.S3],
      ['DynamoDb', GatewayVpcEndpointAwsService.DYNAMODB],
    ] as const) {
      new CfnVPCEndpoint(this, id, {
        vpcEndpointType: 'Gateway',
        serviceName: service.name,
        vpcId: config.vpcId,
        routeTableIds: config.routeTableIds,
      });
    }
    // In China some services have another prefix than com.amazonaws, which the CDK knows by region.
    for (const service of [
      InterfaceVpcEndpointAwsService.SQS,
      InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
    ]) {
      new CfnVPCEndpoint(this, service.shortName, {
        vpcEndpointType: 'Interface',
        serviceName: service.name,
        vpcId: config.vpcId,
        subnetIds: config.subnetIds,
        securityGroupIds: [endpointGroup.securityGroupId],
        privateDnsEnabled: true,
      });
    }
  }
}
