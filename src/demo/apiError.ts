import type { Response } from 'express';

/** Answers with an error as Daytona's API words it. */
export function fail(res: Response, statusCode: number, message: string): void {
  res.status(statusCode).json({
    statusCode,
    message,
    error: `HTTP ${statusCode}`,
    timestamp: new Date().toISOString(),
    path: res.req.originalUrl,
  });
}

/** Answers with a status that a test has asked for; a 429 says when to come back. */
export function failOnPurpose(res: Response, statusCode: number, retryAfterSeconds: number): void {
  if (statusCode === 429) res.set('Retry-After-authenticated', String(retryAfterSeconds));
  fail(res, statusCode, 'a fault of the embedded Daytona');
}
