import { randomUUID } from 'node:crypto';
import { ACCOUNT } from './account.ts';
import type { AwsService } from './wire.ts';

/** GetCallerIdentity, which tools ask to see that credentials work. */
export function createStsService(): AwsService {
  return async (request) => {
    const action = new URLSearchParams(request.body.toString('utf8')).get('Action') ?? '';
    if (action !== 'GetCallerIdentity') {
      const message = `<ErrorResponse><Error><Code>NotImplemented</Code><Message>${action.replaceAll(/\W/g, '')} is not served here.</Message></Error></ErrorResponse>`;
      return { status: 501, headers: { 'content-type': 'text/xml' }, body: message };
    }
    return {
      status: 200,
      headers: { 'content-type': 'text/xml' },
      body: [
        '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>',
        `<Arn>arn:aws:iam::${ACCOUNT}:user/local</Arn><UserId>LOCAL</UserId><Account>${ACCOUNT}</Account>`,
        `</GetCallerIdentityResult><ResponseMetadata><RequestId>${randomUUID()}</RequestId></ResponseMetadata>`,
        '</GetCallerIdentityResponse>',
      ].join(''),
    };
  };
}
