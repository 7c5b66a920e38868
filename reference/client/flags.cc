#include "client/flags.h"

#include <CLI/CLI.hpp>

namespace client {
namespace {

constexpr const char* secret_help = " (env:NAME, file:PATH, prompt: or the word itself)";

void add_server(CLI::App& app, Flags& flags) {
  app.add_option("--url", flags.url, "https://HOST:PORT of the EST server; may go on /.well-known/est/LABEL")->required();
  app.add_option("--label", flags.label, "CA label (RFC 7030 3.2.2)");
  app.add_option("--anchors", flags.anchors, "PEM files of explicit trust anchors (RFC 7030 3.6.1)");
  app.add_option("--implicit-anchors", flags.implicit_anchors, "PEM files of implicit trust anchors, or \"system\" (RFC 7030 3.6.2)");
  app.add_option("--store", flags.store, "folder of this server's explicit anchors, and of certificate and key");
  app.add_option("--fingerprint", flags.fingerprint, "SHA-256 or SHA-512 of the CA certificate, for the first contact (RFC 7030 4.1.1)");
  app.add_flag("--ask", flags.ask, "ask a person on the terminal whether the CA certificate is right, and about redirections");
  app.add_option("--crl", flags.crls, "CRL files, PEM or DER; the server's path is then checked for revocation");
  app.add_flag("--every-root", flags.every_root, "take every root of /cacerts as an anchor, not the newest alone");
}

void add_authentication(CLI::App& app, Flags& flags) {
  app.add_option("--user", flags.user, "user name for Basic and Digest; may be empty");
  app.add_option("--password", flags.password, std::string("password") + secret_help);
  app.add_option("--password-file", flags.password_file, "file with the password");
  app.add_option("--password-env", flags.password_env, "environment variable with the password");
  app.add_flag("--ask-password", flags.ask_password, "ask for the password on the terminal");
  app.add_option("--client-cert", flags.client_cert, "certificate (and chain) for TLS client authentication; PEM, DER or PKCS #12");
  app.add_option("--client-key", flags.client_key, "its key, if that is in another file, or a PKCS #11 URI (pkcs11:...)");
  app.add_option("--passphrase", flags.passphrase, std::string("passphrase of encrypted key files, PIN of a token") + secret_help);
}

void add_transport(CLI::App& app, Flags& flags) {
  app.add_option("--proxy", flags.proxy, "http://HOST:PORT (CONNECT) or socks5://HOST:PORT");
  app.add_option("--proxy-user", flags.proxy_user, "user name at the proxy");
  app.add_option("--proxy-password", flags.proxy_password, std::string("password at the proxy") + secret_help);
  app.add_option("--timeout", flags.timeout, "seconds for one request and its answer")->check(CLI::Range(0.1, 3600.0));
  app.add_option("--connect-timeout", flags.connect_timeout, "seconds for connecting, and again for the TLS handshake")
      ->check(CLI::Range(0.1, 3600.0));
  app.add_option("--tls-min", flags.tls_min, "least TLS version")->check(CLI::IsMember({"1.2", "1.3"}));
  app.add_option("--tls-max", flags.tls_max, "highest TLS version")->check(CLI::IsMember({"1.2", "1.3"}));
  app.add_option("--tls-suites", flags.tls_suites, "cipher suites of TLS 1.2, as in \"ECDHE+AESGCM\" (OpenSSL's list format)");
  app.add_option("--tls-groups", flags.tls_groups, "groups for the key exchange, as in \"P-256:X25519\"");
  app.add_option("--retry-limit", flags.retry_limit, "seconds to wait in all when the server says Retry-After; 0: do not wait");
  app.add_flag("--approve-redirects", flags.approve_redirects, "follow redirections to other origins, too");
  app.add_flag("--content-transfer-encoding", flags.transfer_encoding,
               "send Content-Transfer-Encoding: base64, for servers that insist on it (RFC 8951 3 has done away with it)");
  app.add_flag("--json", flags.json, "print one JSON object, also on failure");
  app.add_flag("--timings", flags.timings, "say on standard error how long each connection, handshake and exchange took");
}

void add_request(CLI::App& app, Flags& flags) {
  app.add_option("--key-type", flags.key_type,
                 "ec-p256, ec-p384, ec-p521, rsa-2048, rsa-3072, rsa-4096 or ed25519 (default: what the server asks for)");
  app.add_option("--digest", flags.digest, "sha256, sha384 or sha512 (default: what the server asks for)");
  app.add_option("--subject", flags.subject, "distinguished name, as in \"CN=device-1,O=Acme\"");
  app.add_option("--san", flags.names, "alternative name: DNS:name, IP:address, email:address or URI:uri; repeatable");
  app.add_option("--eku", flags.purposes, "extended key usage: serverAuth, clientAuth ... or an OID; repeatable");
  app.add_option("--key-usage", flags.key_usage, "as in \"digitalSignature,keyEncipherment\"");
  app.add_option("--otp", flags.otp, std::string("one-time password, RFC 7894 otpChallenge") + secret_help);
  app.add_option("--revocation-challenge", flags.revocation_challenge, std::string("RFC 7894 revocationChallenge") + secret_help);
  app.add_option("--csr", flags.csr,
                 "send this PKCS #10 request, PEM or DER; with --key it is signed anew for the linking, or signed at all if it is not");
  app.add_option("--key", flags.key, "use this key instead of making one: a file, or a PKCS #11 URI (pkcs11:...)");
  app.add_option("--link", flags.linking, "auto: tls-unique on TLS 1.2; exporter: on TLS 1.3 as well (RFC 9266); none (RFC 7030 3.5)")
      ->check(CLI::IsMember({"auto", "exporter", "none"}));
  app.add_flag("--no-csrattrs", flags.no_attributes, "do not ask what the request should hold");
}

void add_output(CLI::App& app, Flags& flags) {
  app.add_option("--out", flags.out, "file for the certificate (default: certificate.pem in --store)");
  app.add_option("--out-key", flags.out_key, "file for the key, mode 0600 (default: key.pem in --store)");
  app.add_option("--format", flags.format, "pem, or pkcs12: certificate and key in --out")->check(CLI::IsMember({"pem", "pkcs12"}));
  app.add_option("--out-passphrase", flags.out_passphrase, std::string("encrypts the key that is written") + secret_help);
  app.add_flag("--force", flags.force, "replace files that are there");
}

CLI::App& operation(CLI::App& app, Flags& flags, const std::string& name, const std::string& help) {
  CLI::App* command = app.add_subcommand(name, help);
  command->callback([&flags, name] { flags.operation = name; });
  add_server(*command, flags);
  add_authentication(*command, flags);
  add_transport(*command, flags);
  return *command;
}

void add_protection(CLI::App& app, Flags& flags) {
  app.add_option("--protect-id", flags.protect_id, "identifier under which the server knows the key that is to encrypt the new one");
  app.add_option("--protect-key", flags.protect_key, "private key (RSA or EC) that decrypts it (RFC 7030 4.4.1.2)");
  app.add_option("--protect-secret-file", flags.protect_secret_file, "AES key in hexadecimal that decrypts it (RFC 7030 4.4.1.1)");
}

void add_full_cmc(CLI::App& app, Flags& flags) {
  app.add_option("--cmc-secret", flags.cmc_secret, std::string("shared secret that proves who asks (RFC 5272 6.2)") + secret_help);
  app.add_option("--cmc-user", flags.cmc_user, "says which secret it is");
  app.add_flag("--crmf", flags.crmf, "send the request in CRMF form instead of PKCS #10");
}

void add_renewal(CLI::App& app, Flags& flags) {
  app.add_flag("--keep-key", flags.keep_key, "renew: certify the present key again");
  app.add_option("--days-left", flags.days_left, "do nothing while the certificate is valid for so many days or more");
}

}  // namespace

void add_operations(CLI::App& app, Flags& flags) {
  CLI::App& cacerts = operation(app, flags, "cacerts", "fetch the CA certificates; with --store they become the explicit anchors");
  cacerts.add_option("--out", flags.out, "file for the certificates (default: standard output unless --store)");
  cacerts.add_flag("--force", flags.force, "replace files that are there");
  operation(app, flags, "csrattrs", "show what the server wants in a request");
  for (const auto& [name, alias, help] :
       {std::tuple("enroll", "simpleenroll", "get a certificate"),
        std::tuple("reenroll", "simplereenroll", "renew or rekey the certificate of --client-cert or --store"),
        std::tuple("fullcmc", "", "get a certificate by Full CMC"),
        std::tuple("serverkeygen", "", "get a certificate and the key the server makes for it"),
        std::tuple("provision", "", "cacerts, csrattrs and enroll in one go; keeps all in --store")}) {
    CLI::App& command = operation(app, flags, name, help);
    if (*alias != '\0') command.alias(alias);
    add_request(command, flags);
    add_output(command, flags);
    if (std::string_view(name) == "reenroll") add_renewal(command, flags);
    if (std::string_view(name) == "fullcmc") add_full_cmc(command, flags);
    if (std::string_view(name) == "serverkeygen") add_protection(command, flags);
  }
}

}  // namespace client
