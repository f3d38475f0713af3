// What AWS's runtime client expects of its native addon: `next`, `done` and `error` over the Runtime API.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
const { Agent, request } = require('node:http');

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

function call(method, path, body, headers) {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { host, port, agent, method, path: `/2018-06-01/runtime/${path}`, headers },
      (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('end', () => resolve({ headers: response.headers, bodyJson: Buffer.concat(chunks).toString() }));
        response.on('error', reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** The host went away: nothing is left to run for. */
function leave() {
  process.exit(1);
}

const JSON_TYPE = { 'content-type': 'application/json' };

exports.next = async () => {
  const invocation = await call('GET', 'invocation/next');
  const deadline = 'lambda-runtime-deadline-ms';
  return { ...invocation, headers: { ...invocation.headers, [deadline]: Number(invocation.headers[deadline]) } };
};

exports.done = (id, body) => {
  call('POST', `invocation/${id}/response`, body, JSON_TYPE).catch(leave);
};

exports.error = (id, body) => {
  call('POST', `invocation/${id}/error`, body, JSON_TYPE).catch(leave);
};
