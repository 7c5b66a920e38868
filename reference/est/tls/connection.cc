// What a finished handshake was, and the alerts on the way.
#include <openssl/x509_vfy.h>

#include <array>
#include <string_view>

#include "est/crypto/chain.h"
#include "est/tls/context.h"
#include "est/tls/judge.h"
#include "est/tls/late.h"

namespace est::tls {
namespace {

constexpr std::string_view exporter_label = "EXPORTER-Channel-Binding";
constexpr std::size_t exporter_length = 32;

Version version_of(const SSL* ssl) {
  switch (SSL_version(ssl)) {
    case TLS1_VERSION:
      return Version::tls10;
    case TLS1_1_VERSION:
      return Version::tls11;
    case TLS1_2_VERSION:
      return Version::tls12;
    case TLS1_3_VERSION:
      return Version::tls13;
    default:
      return Version::unknown;
  }
}

std::string text_or_empty(const char* text) { return text == nullptr ? std::string() : std::string(text); }

std::string group_of(SSL* ssl) {
  const auto id = static_cast<int>(SSL_get_negotiated_group(ssl));
  return id == 0 ? std::string() : text_or_empty(SSL_group_to_name(ssl, id));
}

// On a server OpenSSL keeps the leaf apart from the rest of the chain; on a client it does not.
std::vector<Bytes> chain_of(const SSL* ssl, bool is_server) {
  std::vector<Bytes> chain;
  const X509* leaf = SSL_get0_peer_certificate(ssl);
  if (leaf == nullptr) return chain;
  if (is_server) chain.push_back(crypto::to_der(*leaf));
  const STACK_OF(X509)* rest = SSL_get_peer_cert_chain(ssl);
  for (int i = 0; i < sk_X509_num(rest); ++i) chain.push_back(crypto::to_der(*sk_X509_value(rest, i)));
  if (chain.empty()) chain.push_back(crypto::to_der(*leaf));
  return chain;
}

// RFC 5929 3.1: the first Finished of the latest handshake. In a full one the client speaks first, in a resumed one the server.
Bytes tls_unique_of(const SSL* ssl, bool is_server) {
  const bool client_first = SSL_session_reused(ssl) == 0;
  const bool ours = client_first != is_server;
  std::array<Byte, EVP_MAX_MD_SIZE> finished{};
  const std::size_t length =
      ours ? SSL_get_finished(ssl, finished.data(), finished.size()) : SSL_get_peer_finished(ssl, finished.data(), finished.size());
  return to_bytes(BytesView(finished).first(std::min(length, finished.size())));
}

// RFC 9266 2: defined only where the master secret is unique. The context is a zero-length string, not an absent one.
Bytes tls_exporter_of(SSL* ssl, Version version) {
  if (version != Version::tls13 && SSL_get_extms_support(ssl) != 1) return {};
  Bytes out(exporter_length);
  const std::array<Byte, 1> nothing{};
  if (SSL_export_keying_material(ssl, out.data(), out.size(), exporter_label.data(), exporter_label.size(), nothing.data(), 0, 1) == 1)
    return out;
  crypto::clear_errors();
  return {};
}

// A resumed session carries the verdict of its first handshake, which another context may have made. Judge the chain anew.
long verify_again(SSL* ssl) {
  X509* leaf = SSL_get0_peer_certificate(ssl);
  if (leaf == nullptr) return X509_V_ERR_UNSPECIFIED;
  const crypto::X509StoreContextHandle context(X509_STORE_CTX_new());
  X509_STORE* store = SSL_CTX_get_cert_store(SSL_get_SSL_CTX(ssl));
  if (!context || X509_STORE_CTX_init(context.get(), store, leaf, SSL_get_peer_cert_chain(ssl)) != 1) return X509_V_ERR_OUT_OF_MEM;
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_auth_level(parameters, SSL_get_security_level(ssl));
  X509_STORE_CTX_set_default(context.get(), "ssl_server");
  X509_VERIFY_PARAM_set1(parameters, SSL_get0_param(ssl));
  const bool good = X509_verify_cert(context.get()) == 1;
  const int error = X509_STORE_CTX_get_error(context.get());
  crypto::clear_errors();
  if (good) return X509_V_OK;
  return error == X509_V_OK ? X509_V_ERR_UNSPECIFIED : error;
}

void add_verification(SSL* ssl, Facts& facts) {
  if (facts.peer_chain.empty()) {
    facts.verify_error = "the peer showed no certificate";
    return;
  }
  long outcome = SSL_get_verify_result(ssl);
  if (facts.resumed) {
    const std::optional<long> judged = judged_again(ssl, facts.peer_chain);
    outcome = judged ? *judged : verify_again(ssl);
  }
  facts.peer_verified = outcome == X509_V_OK;
  if (!facts.peer_verified) facts.verify_error = X509_verify_cert_error_string(outcome);
}

// --- alerts: one slot in each SSL for the recorder.

struct Recorder {
  std::vector<Alert>* alerts = nullptr;
  unsigned handshakes = 0;
  unsigned certificate_requests = 0;
};

void free_recorder(void* /*parent*/, void* pointer, CRYPTO_EX_DATA* /*data*/, int /*index*/, long /*argl*/, void* /*argp*/) {
  const std::unique_ptr<Recorder> last(static_cast<Recorder*>(pointer));
}

int recorder_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, free_recorder);
  return index;
}

Recorder* recorder_of(const SSL* ssl) { return static_cast<Recorder*>(SSL_get_ex_data(ssl, recorder_index())); }

// OpenSSL does not call post-handshake authentication done; it leaves the client's Finished behind, after the first handshake's.
bool ends_post_handshake(const SSL* ssl, int where, const Recorder& recorder) {
  if ((where & SSL_CB_LOOP) == 0 || recorder.handshakes == 0 || SSL_version(ssl) != TLS1_3_VERSION) return false;
  const OSSL_HANDSHAKE_STATE state = SSL_get_state(ssl);
  return state == TLS_ST_SR_FINISHED || state == TLS_ST_CW_FINISHED;
}

void on_info(const SSL* ssl, int where, int value) {
  Recorder* recorder = recorder_of(ssl);
  if (recorder == nullptr) return;
  if ((where & SSL_CB_HANDSHAKE_DONE) != 0 || ends_post_handshake(ssl, where, *recorder)) ++recorder->handshakes;
  if ((where & SSL_CB_ALERT) == 0) return;
  const auto bits = static_cast<unsigned>(value);
  recorder->alerts->push_back({(bits >> 8U) == SSL3_AL_FATAL, static_cast<int>(bits & 0xFFU), (where & SSL_CB_READ) != 0});
}

int on_certificate_request(SSL* ssl, void* /*argument*/) {
  if (Recorder* recorder = recorder_of(ssl)) ++recorder->certificate_requests;
  return 1;
}

}  // namespace

void count_certificate_requests(SSL_CTX& context) { SSL_CTX_set_cert_cb(&context, on_certificate_request, nullptr); }

unsigned certificate_requests_of(const SSL* ssl) {
  const Recorder* recorder = recorder_of(ssl);
  return recorder == nullptr ? 0 : recorder->certificate_requests;
}

Facts facts_of(SSL* ssl, bool is_server) {
  Facts facts;
  facts.version = version_of(ssl);
  if (const SSL_CIPHER* cipher = SSL_get_current_cipher(ssl)) facts.suite = text_or_empty(SSL_CIPHER_standard_name(cipher));
  facts.group = group_of(ssl);
  facts.resumed = SSL_session_reused(ssl) == 1;
  facts.secure_renegotiation = facts.version == Version::tls13 || SSL_get_secure_renegotiation_support(ssl) == 1;
  facts.server_name = text_or_empty(SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));
  const unsigned char* protocol = nullptr;
  unsigned length = 0;
  SSL_get0_alpn_selected(ssl, &protocol, &length);
  if (length > 0) facts.alpn = est::to_string(BytesView(protocol, length));
  facts.peer_chain = chain_of(ssl, is_server);
  if (!is_server) add_verification(ssl, facts);
  if (facts.version != Version::tls13) facts.tls_unique = tls_unique_of(ssl, is_server);
  facts.tls_exporter = tls_exporter_of(ssl, facts.version);
  return facts;
}

const unsigned* record_alerts(SSL* ssl, std::vector<Alert>& into) {
  auto recorder = std::make_unique<Recorder>();
  recorder->alerts = &into;
  const std::unique_ptr<Recorder> previous(recorder_of(ssl));
  if (SSL_set_ex_data(ssl, recorder_index(), recorder.get()) != 1) return nullptr;
  SSL_set_info_callback(ssl, on_info);
  return &recorder.release()->handshakes;
}

unsigned handshakes_of(const SSL* ssl) {
  const Recorder* recorder = recorder_of(ssl);
  return recorder == nullptr ? 0 : recorder->handshakes;
}

}  // namespace est::tls
