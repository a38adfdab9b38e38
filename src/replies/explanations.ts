import type { ErrorCode } from './errors.ts';

/** What a person is told about one of our errors. */
export interface Explanation {
  /** A short line in the place of a number; `{port}` is the sandbox's port that was asked for. */
  readonly headline: string;
  /** What happened; the catalogue's own sentence where there is none. */
  readonly happened?: string;
  /** What the person can do, or who can. */
  readonly advice: string;
  /** True where the same address may well work a moment later. */
  readonly again?: true;
}

const operator = 'If it stays so, tell the operator of this site, with the request below.';
const wait = 'Wait a moment before you try again; every further attempt counts too.';

/** One for each code of the catalogue: a code without words for people does not compile. */
export const explanations: Readonly<Record<ErrorCode, Explanation>> = {
  INVALID_REQUEST: {
    headline: 'This request cannot be read',
    advice: 'Open the address anew. If it comes from a program, that has to be mended.',
  },
  INVALID_HOST: {
    headline: 'This address leads to no sandbox',
    advice: 'Look for a typing error, or open the address just as it was given to you.',
  },
  UNAUTHORIZED: {
    headline: 'This page is for operators',
    happened: 'It opens by STATS_TOKEN; where none is set, on the machine of the proxy alone.',
    advice: 'If you run this site: set STATS_TOKEN, restart the proxy, and enter it at /stats.',
  },
  LOGIN_REQUIRED: {
    headline: 'You need access to this sandbox',
    happened: 'This sandbox is not public, and nothing that came with your request opens it.',
    advice: 'Ask whoever runs it for a share link, or open the link that you have once more.',
  },
  SHARE_INVALID: {
    headline: 'This cannot be shared',
    advice: 'Mend the request and send it again.',
  },
  SHARE_UNAUTHORIZED: {
    headline: 'You may not share this',
    advice: 'Only the operator, and who sees the sandbox at Daytona, makes share links.',
  },
  SHARE_NOT_FOUND: {
    headline: 'There is no such share',
    happened: 'No share link has this id.',
    advice: 'Look for a typing error in the id.',
  },
  LOGIN_FAILED: {
    headline: 'The login did not work',
    happened: 'It took too long, was used twice, or was begun in another browser.',
    advice: 'Open the address of the sandbox once more, in this browser, to begin anew.',
  },
  LOGIN_UNAVAILABLE: {
    headline: 'The login is out of reach',
    advice: operator,
    again: true,
  },
  NOT_A_MEMBER: {
    headline: 'You have no access to this sandbox',
    advice: 'Log in as somebody who has, or ask whoever runs the sandbox to let you in.',
  },
  ADDRESS_REFUSED: {
    headline: 'Not from this network',
    happened: 'Visitors from your network address are not served here.',
    advice: 'Come from a network that is allowed, such as your company’s, or ask the operator.',
  },
  CROSS_SITE: {
    headline: 'Another site led you here',
    happened: 'Another site may not do this with your session.',
    advice: 'If you meant to come, type the address, or open it from your bookmarks.',
  },
  SHARE_FORBIDS: {
    headline: 'Your link does not go that far',
    happened: 'The share link that you came by opens only a part of this sandbox.',
    advice: 'Go back to the page that the link led to, or ask for a link that allows more.',
  },
  RESERVED_PORT: {
    headline: 'Port {port} is Daytona’s own',
    advice: 'Open the port of your own program, 3000 for many.',
  },
  TOOLBOX_ONLY: {
    headline: 'Apps are not served here',
    advice: 'Ask the operator where the previews of apps are.',
  },
  NOT_FOUND: {
    headline: 'There is nothing here',
    happened: 'No page and no sandbox of this site has this address.',
    advice: 'Look for a typing error, or open the address just as it was given to you.',
  },
  SANDBOX_NOT_FOUND: {
    headline: 'There is no such sandbox',
    happened: 'It was deleted, it is not served here, or its id has a typing error.',
    advice: 'Compare the address with the one that was given to you, or ask for a new one.',
  },
  RATE_LIMITED: {
    headline: 'Too many requests',
    happened: 'More requests came from your network than one visitor may make.',
    advice: wait,
  },
  TOO_MANY_FAILURES: {
    headline: 'Too many failed attempts',
    happened: 'Your network has tried to get in too often without success.',
    advice: 'Wait a moment, and then use a link or key that is right.',
  },
  TOO_MANY_MISSES: {
    headline: 'Too many unknown sandboxes',
    happened: 'Sandboxes that do not exist were asked for too often.',
    advice: wait,
  },
  TOO_MANY_CONNECTIONS: {
    headline: 'Too many open connections',
    advice: 'Close tabs that you do not need.',
    again: true,
  },
  INTERNAL: {
    headline: 'Something went wrong here',
    advice: `This is our mistake, not yours. ${operator}`,
    again: true,
  },
  PORT_NOT_LISTENING: {
    headline: 'Nothing listens on port {port}',
    happened: 'The sandbox runs, but no program in it answers on this port.',
    advice: 'Start your server there on this port, then try again.',
    again: true,
  },
  UPSTREAM_UNREACHABLE: {
    headline: 'The sandbox cannot be reached',
    happened: 'The connection to it failed.',
    advice: `It may be on its way to another machine. ${operator}`,
    again: true,
  },
  UPSTREAM_INVALID: {
    headline: 'The answer cannot be read',
    advice: 'Look at the log of the program in the sandbox, which may have ended meanwhile.',
    again: true,
  },
  TOO_MANY_REDIRECTS: {
    headline: 'This page leads in a circle',
    advice: 'The program in the sandbox has to be mended. Deleting its cookies may help you.',
  },
  UPSTREAM_FORBIDDEN: {
    headline: 'The sandbox is somewhere else',
    advice: operator,
  },
  DAYTONA_REJECTED_KEY: {
    headline: 'This site has lost its key',
    happened: 'Daytona does not accept the API key that this proxy works with.',
    advice: 'Only the operator of this site can mend that. Tell them the request below.',
  },
  SANDBOX_NOT_RUNNING: {
    headline: 'This sandbox is not running',
    happened: 'Nobody can reach a program in it until it is started.',
    advice: 'Start it where you made it, or ask whoever runs it, then try again.',
    again: true,
  },
  SANDBOX_STARTING: {
    headline: 'Your sandbox is starting',
    happened: 'It was not running, or has just been made.',
    advice: 'The page shows by itself as soon as it is there.',
  },
  START_REFUSED: {
    headline: 'This sandbox does not start',
    happened: 'Daytona does not start it at the moment: it may be over its quota.',
    advice: 'Look it up at Daytona, or ask whoever runs it.',
    again: true,
  },
  START_UNDER_WAY: {
    headline: 'This sandbox is changing',
    advice: 'That takes a moment.',
    again: true,
  },
  TOO_MANY_STARTS: {
    headline: 'This sandbox has to wait',
    happened: 'Too many others are starting at the moment.',
    advice: 'Its turn comes soon.',
    again: true,
  },
  OVERLOADED: {
    headline: 'Too busy at the moment',
    happened: 'The proxy is at its limits.',
    advice: operator,
    again: true,
  },
  TOO_MANY_PAGES: {
    headline: 'Too many pages are open',
    advice: 'Close tabs that show the statistics of this proxy and that you do not need.',
    again: true,
  },
  SANDBOX_BUSY: {
    headline: 'This sandbox is too busy',
    happened: 'More connections to it are open than it may have.',
    advice: 'Close tabs that show it and that you do not need.',
    again: true,
  },
  ACCESS_RENEWED: {
    headline: 'Once more, please',
    happened: 'The access to this sandbox was renewed just now.',
    advice: 'Trying again is enough.',
    again: true,
  },
  DAYTONA_UNAVAILABLE: {
    headline: 'Daytona is out of reach',
    happened: 'Daytona, where the sandbox lives, does not answer at the moment.',
    advice: `Your sandbox and its files are not touched by that. ${operator}`,
    again: true,
  },
  LOOP_DETECTED: {
    headline: 'This address leads in a circle',
    advice: 'The program in the sandbox, or a proxy before it, calls this very address.',
  },
};
