// An identity provider on loopback that lets anybody in under any address: node provider.mjs MODULE PORT REDIRECT SECRET
// Addresses that begin with "unverified" it does not call verified.
import { pathToFileURL } from 'node:url';

const [module, port, redirect, secret] = process.argv.slice(2);
const { default: Provider } = await import(pathToFileURL(module).href);
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{ client_id: 'handover', client_secret: secret, redirect_uris: [redirect] }],
  claims: { email: ['email', 'email_verified'] },
  cookies: { keys: ['of the test'] },
  pkce: { required: () => true },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: id, email_verified: !id.startsWith('unverified') }),
  }),
});
provider.listen(Number(port), '127.0.0.1');
