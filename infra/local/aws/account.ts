/** The account and region that everything on this machine claims to be in. */
export const ACCOUNT = '000000000000';
export const REGION = 'us-east-1';
