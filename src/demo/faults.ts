/** What can go wrong with a Daytona, or take its time, switched by tests; all is off at first. */
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
  /** How long a start or a recovery takes that the API accepted, in ms. */
  startMs = 0;
  /** How long the API waits for a start before it answers with what there is, in ms. */
  startAnswerMs = 30_000;
  /** Every call to start a sandbox is answered with this status, and starts nothing. */
  startStatus: number | undefined;
  /** How long a stop takes that the API accepted, in ms. */
  stopMs = 0;
  /** For so long after a start nothing listens on any port yet, in ms. */
  listenMs = 0;
  /** For so long the edge keeps refusing a token that it has refused, in ms; 5000 at the real one. */
  refusalMemoryMs = 0;
  /** The edge refuses as newer ones do: 401 with JSON, not the way to the login. */
  newerRefusal = false;
  /** Who wants to hear events is refused, as if the key had not the right. */
  eventsRefused = false;

  reset(): void {
    Object.assign(this, new Faults());
  }
}
