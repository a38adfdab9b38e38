/** Where an answer of port 3000 of the sandbox `abc` comes from, and under which host it goes out. */
export const context = {
  target: {
    origin: 'https://3000-abc.edge.test',
    protocol: 'https:',
    host: '3000-abc.edge.test',
    hostname: '3000-abc.edge.test',
    port: '',
  },
  port: 3000,
  host: '3000-abc.example.com',
  proto: 'https',
  pathPrefix: '',
  mount: '',
} as const;
