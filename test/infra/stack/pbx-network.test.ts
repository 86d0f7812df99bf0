import { describe, expect, test } from 'vitest';
import { findResource, synthArchive } from './synth-archive.ts';

const place = { vpcId: 'vpc-0a1b0000', subnetIds: ['subnet-0a000000', 'subnet-0b000000'] };
const created = synthArchive({
  network: { ...place, endpoints: 'create', routeTableIds: ['rtb-0a000000', 'rtb-0b000000'] },
});
const existing = synthArchive({
  network: { ...place, endpoints: 'existing', securityGroupIds: ['sg-0f000000'] },
});

const vpcConfigOf = (prefix: string, { resources } = created) =>
  findResource(resources, 'AWS::Lambda::Function', prefix)[1].Properties.VpcConfig;

describe('in a VPC,', () => {
  const [functionsGroup] = findResource(created.resources, 'AWS::EC2::SecurityGroup', 'NetworkFunctions');
  const [endpointsGroup] = findResource(created.resources, 'AWS::EC2::SecurityGroup', 'NetworkEndpoints');

  test('only the functions that contact the PBX run', () => {
    for (const prefix of ['ArchiveRecording', 'PbxSession', 'Reconciliation']) {
      expect(vpcConfigOf(prefix)).toEqual({
        SubnetIds: place.subnetIds,
        SecurityGroupIds: [{ 'Fn::GetAtt': [functionsGroup, 'GroupId'] }],
      });
    }
    for (const prefix of ['CdrWebhook', 'RecordingLink']) expect(vpcConfigOf(prefix)).toBeUndefined();
  });

  test('functions use the configured security groups, if any', () => {
    expect(vpcConfigOf('PbxSession', existing)).toEqual({
      SubnetIds: place.subnetIds,
      SecurityGroupIds: ['sg-0f000000'],
    });
    existing.template.resourceCountIs('AWS::EC2::SecurityGroup', 0);
  });

  test('S3 is reached through a gateway endpoint in the configured route tables', () => {
    created.template.hasResourceProperties('AWS::EC2::VPCEndpoint', {
      VpcEndpointType: 'Gateway',
      ServiceName: { 'Fn::Join': ['', ['com.amazonaws.', { Ref: 'AWS::Region' }, '.s3']] },
      VpcId: place.vpcId,
      RouteTableIds: ['rtb-0a000000', 'rtb-0b000000'],
    });
  });

  test.each(['sqs', 'secretsmanager'])(
    '%s is reached through an interface endpoint under its usual name',
    (service) => {
      created.template.hasResourceProperties('AWS::EC2::VPCEndpoint', {
        VpcEndpointType: 'Interface',
        ServiceName: { 'Fn::Join': ['', ['com.amazonaws.', { Ref: 'AWS::Region' }, `.${service}`]] },
        SubnetIds: place.subnetIds,
        PrivateDnsEnabled: true,
        SecurityGroupIds: [{ 'Fn::GetAtt': [endpointsGroup, 'GroupId'] }],
      });
    },
  );

  test.each([
    ['eu-central-1', 'com.amazonaws.eu-central-1.sqs', 'com.amazonaws.eu-central-1.secretsmanager'],
    ['cn-north-1', 'cn.com.amazonaws.cn-north-1.sqs', 'com.amazonaws.cn-north-1.secretsmanager'],
    ['us-gov-west-1', 'com.amazonaws.us-gov-west-1.sqs', 'com.amazonaws.us-gov-west-1.secretsmanager'],
  ])('the interface endpoints in %s have the names that AWS gives them there', (region, ...names) => {
    const { resources } = synthArchive(
      { network: { ...place, endpoints: 'create', routeTableIds: ['rtb-0a000000'] } },
      region,
    );
    const interfaces = Object.values(resources).filter(
      ({ Properties }) => Properties.VpcEndpointType === 'Interface',
    );
    expect(interfaces.map(({ Properties }) => Properties.ServiceName)).toEqual(names);
  });

  test('endpoints accept only the functions, and only HTTPS', () => {
    created.template.resourceCountIs('AWS::EC2::SecurityGroupIngress', 1);
    created.template.hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
      GroupId: { 'Fn::GetAtt': [endpointsGroup, 'GroupId'] },
      SourceSecurityGroupId: { 'Fn::GetAtt': [functionsGroup, 'GroupId'] },
      IpProtocol: 'tcp',
      FromPort: 443,
      ToPort: 443,
    });
    for (const group of [functionsGroup, endpointsGroup]) {
      expect(created.resources[group]?.Properties).not.toHaveProperty('SecurityGroupIngress');
    }
  });

  test('endpoints accept the configured security groups, if any', () => {
    const { template } = synthArchive({
      network: {
        ...place,
        endpoints: 'create',
        routeTableIds: ['rtb-0a000000'],
        securityGroupIds: ['sg-0f000000'],
      },
    });
    template.resourceCountIs('AWS::EC2::SecurityGroup', 1);
    template.hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
      GroupId: { 'Fn::GetAtt': [endpointsGroup, 'GroupId'] },
      SourceSecurityGroupId: 'sg-0f000000',
      IpProtocol: 'tcp',
      FromPort: 443,
      ToPort: 443,
    });
  });

  test('no endpoint is created when they exist already', () => {
    existing.template.resourceCountIs('AWS::EC2::VPCEndpoint', 0);
  });
});
