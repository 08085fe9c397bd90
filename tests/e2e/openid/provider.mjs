// A real OpenID provider for the tests: `node provider.mjs` with its configuration on stdin.
import Provider from "oidc-provider";

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const given = JSON.parse(Buffer.concat(chunks).toString());

const provider = new Provider(given.issuer, {
  clients: given.clients,
  jwks: { keys: given.keys },
  cookies: { keys: ["only for tests"] },
  conformIdTokenClaims: false,
  claims: { openid: ["sub", "groups", "email"] },
  findAccount: (_, id) => ({
    accountId: id,
    claims: async () => ({ sub: id, ...given.accounts[id] }),
  }),
  extraTokenClaims: () => given.machine,
  features: {
    devInteractions: { enabled: true },
    clientCredentials: { enabled: true },
    rpInitiatedLogout: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined,
      getResourceServerInfo: () => ({
        scope: "read",
        audience: given.audience,
        accessTokenFormat: "jwt",
        accessTokenTTL: given.seconds,
        jwt: { sign: { alg: given.algorithm } },
      }),
    },
  },
  ttl: { IdToken: given.seconds, ClientCredentials: given.seconds },
});
provider.listen(given.port, "127.0.0.1", () => console.log("listening"));
