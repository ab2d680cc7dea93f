/** HubSpot's error answers. Their texts are the sandbox's own, except for those that clients compare literally. */

/** An answer with an error status, thrown by whatever finds the reason for it. */
export class Refusal extends Error {
  readonly status: number;
  readonly body: unknown;
  readonly headers: { readonly [name: string]: string };

  constructor(status: number, body: unknown, headers: { readonly [name: string]: string } = {}) {
    super(`HTTP ${status}`);
    this.name = 'Refusal';
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

/** What is wrong with one property of one record. */
export type PropertyProblem = { readonly name: string; readonly error: string; readonly message: string };

let correlations = 0;

/** Unlike HubSpot's, these ids are counted: two runs of a test give the same answers. */
export function correlationId(): string {
  correlations += 1;
  return `00000000-0000-4000-8000-${String(correlations).padStart(12, '0')}`;
}

export function refusal(status: number, category: string, message: string, more: object = {}): Refusal {
  return new Refusal(status, { status: 'error', message, correlationId: correlationId(), category, ...more });
}

export function badRequest(message: string): Refusal {
  return refusal(400, 'VALIDATION_ERROR', message);
}

export function notFound(): Refusal {
  return refusal(404, 'OBJECT_NOT_FOUND', 'Object not found.  objectId are usually numeric.');
}

export function unauthorized(category: 'INVALID_AUTHENTICATION' | 'EXPIRED_AUTHENTICATION'): Refusal {
  return refusal(401, category, 'The credentials of this request are missing, wrong or expired.');
}

export function rowNotFound(ids: readonly string[], type: string) {
  return {
    status: 'error',
    category: 'OBJECT_NOT_FOUND',
    message: `Some ${type} do not exist, or are archived.`,
    context: { ids },
  };
}

/** A refusal of property values names the properties twice: as JSON inside the message, and in `errors`. */
export function invalidBody(problems: readonly PropertyProblem[], portalId: number) {
  const listed = problems.map((problem) => ({
    isValid: false,
    message: problem.message,
    error: problem.error,
    name: problem.name,
    localizedErrorMessage: problem.message,
    portalId,
  }));
  return {
    message: `Property values were not valid: ${JSON.stringify(listed)}`,
    errors: problems.map(({ name, error, message }) => ({
      message,
      code: error,
      context: { propertyName: [name] },
    })),
    category: 'VALIDATION_ERROR',
  };
}

export type Policy = 'SECONDLY' | 'TEN_SECONDLY_ROLLING' | 'DAILY';

/** `@hubspot/api-client` waits and repeats only for these very messages and policy names. */
export function tooManyRequests(policyName: Policy, headers: { readonly [name: string]: string }): Refusal {
  const id = correlationId();
  const message = `You have reached your ${policyName.toLowerCase()} limit.`;
  const body = {
    status: 'error',
    message,
    errorType: 'RATE_LIMIT',
    correlationId: id,
    policyName,
    requestId: id,
  };
  return new Refusal(429, body, headers);
}
