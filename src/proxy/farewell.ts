import { randomBytes } from 'node:crypto';
import { closeFrame, goingAway, serviceRestart } from './closeFrame.ts';
import { type Direction, lastWriteMs } from './direction.ts';
import { beginsClose } from './frames.ts';

/** How long either peer may take over its part of the closing handshake. */
const replyMs = 1_500;

/**
 * Ends an open WebSocket in the name of both its ends (RFC 6455, section 7.1.2), each time between
 * two frames: the visitor hears "service restart", and what the sandbox still says is dropped; what
 * the visitor says goes on until it answers, and there the sandbox hears "going away". A frame that
 * is under way is waited for as long as it moves: whoever stops has a limit.
 */
export class Farewell {
  readonly #down: Direction;
  readonly #up: Direction;
  /** True once the visitor has our close frame. */
  #told = false;
  /** True once the visitor has answered, or has had its time. */
  #answered = false;
  /** True once both have heard the last from us. */
  #over = false;
  #sandboxGone = false;
  #late: NodeJS.Timeout | undefined;

  constructor(down: Direction, up: Direction) {
    this.#down = down;
    this.#up = up;
  }

  begin(): void {
    const { from: client, to: sandbox, frames } = this.#up;
    if (client.writableEnded || sandbox.writableEnded) return; // One of them has left already.
    if (client.destroyed || sandbox.destroyed) return;
    if (!frames.readable || !this.#down.frames.readable) {
      this.#up.end(); // Nobody knows where a frame of ours could stand.
      return;
    }
    client.once('close', () => clearTimeout(this.#late));
    if (frames.closed || this.#down.frames.closed) {
      this.#within(this.#up.end); // They are parting already.
      return;
    }
    this.#down.part();
    this.#up.part();
    sandbox.on('data', this.#fromSandbox).once('end', this.#sandboxLeft);
    sandbox.once('close', this.#sandboxLeft);
    client.on('data', this.#fromVisitor).once('end', this.#visitorLeft);
    client.once('close', this.#visitorLeft);
    if (this.#down.frames.atBoundary) this.#tell();
  }

  readonly #fromSandbox = (chunk: Buffer) => {
    if (this.#told) return;
    const end = this.#down.frames.advance(chunk, 0);
    this.#down.write(end < 0 ? chunk : chunk.subarray(0, end));
    if (end >= 0) this.#tell();
    else if (!this.#down.frames.readable) this.#up.end();
  };

  readonly #fromVisitor = (chunk: Buffer) => {
    if (this.#over) return;
    const { frames } = this.#up;
    for (let at = 0; at >= 0 && at < chunk.length; at = frames.advance(chunk, at)) {
      if (!frames.atBoundary) continue;
      if (!this.#answered && !(this.#told && beginsClose(chunk[at]))) continue;
      this.#pass(chunk.subarray(0, at));
      this.#answer();
      return;
    }
    this.#pass(chunk);
    if (!frames.readable) this.#up.end();
    else if (this.#answered && frames.atBoundary) this.#leave();
  };

  #pass(chunk: Buffer): void {
    if (chunk.length > 0 && !this.#sandboxGone) this.#up.write(chunk);
  }

  #tell(): void {
    const { from: client, to: sandbox } = this.#up;
    this.#told = true;
    sandbox.resume(); // What it says is dropped, but its end is to be seen.
    client.setTimeout(lastWriteMs, () => client.destroy());
    const frame = closeFrame(serviceRestart, 'service restart');
    client.write(frame, (error) => {
      if (!error && !this.#answered) this.#within(this.#answer);
    });
    if (this.#up.frames.closed) this.#answer(); // Its close frame was quicker than ours.
  }

  readonly #answer = () => {
    this.#answered = true;
    if (this.#sandboxGone || this.#up.frames.atBoundary) this.#leave();
  };

  /**
   * Tells the sandbox, unless the visitor did so itself, and ends both sockets; the visitor's last,
   * because the process stops when no visitor is left.
   */
  #leave(): void {
    const { from: client, to: sandbox, frames } = this.#up;
    if (this.#over) return;
    this.#over = true;
    client.resume(); // What it says is dropped from here on.
    client.setTimeout(0); // It is silent for as long as the sandbox reads.
    if (this.#sandboxGone || sandbox.destroyed) {
      this.#endClient();
      return;
    }
    // It may have much to read before, out of the system's hands too, and speaks on meanwhile.
    sandbox.setTimeout(lastWriteMs, () => sandbox.destroy());
    sandbox.once('close', () => this.#endClient());
    if (!frames.closed) sandbox.write(closeFrame(goingAway, '', randomBytes(4)));
    this.#within(() => sandbox.end()); // A server ends the connection itself.
  }

  #endClient(): void {
    const { from: client } = this.#up;
    client.end();
    client.setTimeout(lastWriteMs, () => client.destroy()); // It may be slow and speak on as well.
  }

  readonly #sandboxLeft = () => {
    if (!this.#told) return this.#up.end(); // In the middle of a frame.
    this.#sandboxGone = true;
    this.#up.to.end();
  };

  readonly #visitorLeft = () => {
    if (!this.#told) return this.#up.end();
    if (!this.#answered) this.#answer();
    if (!this.#over) this.#up.end(); // In the middle of a frame, which nobody will end.
  };

  #within(late: () => void): void {
    clearTimeout(this.#late);
    this.#late = setTimeout(late, replyMs);
  }
}
