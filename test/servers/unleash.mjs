// An Unleash server on the PostgreSQL database of DATABASE_URL, with one admin token and one client token.
// Prints its port once it listens; ends when its standard input does.
process.env.CHECK_VERSION = 'false';
process.env.SEND_TELEMETRY = 'false';
const { start } = await import('unleash-server');

const { DATABASE_URL: url, ADMIN_TOKEN: adminToken, CLIENT_TOKEN: clientToken, PORT: port = '0' } = process.env;
const initApiTokens = [
  { environment: '*', projects: ['*'], secret: adminToken, type: 'admin', tokenName: 'admin' },
  { environment: 'development', projects: ['*'], secret: clientToken, type: 'client', tokenName: 'client' },
];
const unleash = await start({
  db: { ...databaseOf(url), ssl: false },
  server: { host: '127.0.0.1', port: Number(port), disableCompression: true },
  authentication: { initApiTokens },
  versionCheck: { enable: false },
  telemetry: false,
  disableScheduler: false,
  logLevel: 'fatal',
});
console.log(`listening ${unleash.server.address().port}`);
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));

function databaseOf(address) {
  const { hostname, port: databasePort, username, password, pathname } = new URL(address);
  return { host: hostname, port: Number(databasePort), user: username, password, database: pathname.slice(1) };
}
