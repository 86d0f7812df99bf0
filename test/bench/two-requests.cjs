// What Node itself takes for what recording-link does first: a secret's digest, and two requests to AWS, each signed
// with five HMACs. The event has their addresses.
const { createHash, createHmac } = require('node:crypto');
const { Agent, request } = require('node:http');

const agent = new Agent({ keepAlive: true });

exports.handler = async ({ urls }) => {
  createHash('sha256').update('token').digest();
  for (const url of urls) {
    let key = 'secret';
    for (let step = 0; step < 5; step += 1) key = createHmac('sha256', key).update(url).digest();
    const headers = { authorization: key.toString('hex') };
    await new Promise((resolve, reject) => {
      request(url, { agent, headers }, (response) => response.resume().once('end', resolve))
        .once('error', reject)
        .end();
    });
  }
  console.info({ level: 'info' });
  return { statusCode: 200 };
};
