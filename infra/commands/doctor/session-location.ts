import { OPTION_NAMES } from '../../shared/pbx-options.ts';
import type { Deployment } from '../deployment.ts';

/** Where pbx-session runs. */
export interface SessionLocation {
  /** "… is reached from Lambda". */
  name: string;
  /** How to find out which address the PBX sees. */
  address: string;
  /** What somebody changes to change a setting of a PBX. */
  nameOf(setting: keyof typeof OPTION_NAMES): string;
  /** "Correct …, then deploy". */
  apply: string;
}

export function sessionLocationOf({ stack }: Pick<Deployment, 'stack'>): SessionLocation {
  if (stack === undefined) {
    return {
      name: 'this machine',
      address: 'The address is that of this machine, as the PBX sees it.',
      nameOf: (setting) => OPTION_NAMES[setting],
      apply: 'then start again',
    };
  }
  return {
    name: 'Lambda',
    nameOf: (setting) => `${setting} in cdk.json`,
    apply: 'then deploy',
    address:
      stack.vpcId === undefined
        ? 'Without network in cdk.json, the functions have changing addresses. Give them a fixed one first, see docs/configuration.md#network.'
        : 'The address is that of the NAT gateway (over a VPN, those of the subnets in cdk.json): ' +
          `aws ec2 describe-nat-gateways --filter Name=vpc-id,Values=${stack.vpcId} ` +
          '--query "NatGateways[].NatGatewayAddresses[].PublicIp" --output text.',
  };
}
