export interface SimulatedRequest {
  readonly method: string;
  /** Path and query as they came over the wire, still encoded. */
  readonly url: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

export interface SimulatedResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export function json(status: number, value: unknown): SimulatedResponse {
  return { status, headers: { 'content-type': 'application/json;charset=UTF-8' }, body: JSON.stringify(value) };
}

/** The platform's own envelope. 500 is what it answers to a wrong parameter. */
export function refusal(status: number, message: string): SimulatedResponse {
  return json(status, { code: '0002', message });
}

export function oauthError(status: number, error: string, description: string): SimulatedResponse {
  return json(status, { error, error_description: description });
}

/** `2016-02-24T01:10:00+0000`: whole seconds, an offset without a colon. */
export function stamp(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}+0000`;
}

/** A request that cannot be served, raised anywhere below and answered as it is. */
export class RefusedRequest extends Error {
  readonly response: SimulatedResponse;

  constructor(response: SimulatedResponse) {
    super(`simulated ${response.status}`);
    this.response = response;
  }
}
