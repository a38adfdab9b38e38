/** What can go wrong with a Daytona, switched by tests; everything is off at first. */
export class Faults {
  /** Every API call waits that long, in ms. */
  apiDelayMs = 0;
  /** Every API call is answered with this status. */
  apiStatus: number | undefined;
  /** Sent with a 429. */
  retryAfterSeconds = 1;
  /** API calls are never answered. */
  apiHang = false;
  /** API calls are answered 200 with broken JSON. */
  apiMalformed = false;
  /** Replaces the preview URL that the API hands out. */
  previewUrl: ((url: string) => string) | undefined;
  /** How long a lookup still returns the token from before its renewal, in ms. */
  staleLookupMs = 0;

  reset(): void {
    Object.assign(this, new Faults());
  }
}
