/** The vendor's own example of a report (S-Series developer guide, v1). */
export const exampleReport = {
  action: 'NewCdr',
  callid: '1505352445.265',
  timestart: '2017-09-14 09:27:25',
  callfrom: '102',
  callto: '1000',
  srctrunkname: 'Apple_test',
  callduraction: '38',
  talkduraction: '29',
  status: 'ANSWERED',
  type: 'Inbound',
  recording: '20170914092747-1505352445.265-102-1000-Inbound.wav',
  didnumber: '5503301',
  agentringtime: '0',
  sn: '369362089179',
};

/** The details of the call that this report gives. */
export const exampleCall = {
  callId: '1505352445.265',
  from: '102',
  to: '1000',
  type: 'Inbound',
  status: 'ANSWERED',
  start: '2017-09-14 09:27:25',
  talkSeconds: '29',
  trunk: 'Apple_test',
  did: '5503301',
  serialNumber: '369362089179',
};
