import type { Api } from './api.ts';
import type { Me, Recording } from './contract.ts';

export type DialogName = 'keys' | 'share' | 'shares' | 'access' | 'access-of';

export interface DialogsProps {
  name: DialogName;
  api: Api;
  me: Me;
  recording: Recording | undefined;
  keysEnabled: boolean;
  onKeysEnabled: (enabled: boolean) => void;
  onClose: () => void;
}
