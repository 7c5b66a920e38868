#include "est/tls/judge.h"

#include <openssl/x509_vfy.h>

#include <memory>
#include <utility>

#include "est/codec/der.h"
#include "est/codec/x509.h"
#include "est/crypto/chain.h"

namespace est::tls {
namespace {

constexpr unsigned trusted_ca_keys = 3;
constexpr Byte x509_name = 2;  // IdentifierType

// What callbacks of a context use; it goes with the context.
struct Attachment {
  ServerJudge judge;
  Bytes trusted_authorities;
};

void free_attachment(void* /*parent*/, void* pointer, CRYPTO_EX_DATA* /*data*/, int /*index*/, long /*argl*/, void* /*argp*/) {
  const std::unique_ptr<Attachment> last(static_cast<Attachment*>(pointer));
}

int attachment_index() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, free_attachment);
  return index;
}

Attachment* attachment_of(const SSL_CTX& context) { return static_cast<Attachment*>(SSL_CTX_get_ex_data(&context, attachment_index())); }

Result<Attachment*> make_attachment(SSL_CTX& context) {
  if (Attachment* there = attachment_of(context)) return there;
  auto made = std::make_unique<Attachment>();
  if (SSL_CTX_set_ex_data(&context, attachment_index(), made.get()) != 1) return crypto::openssl_error("cannot extend a TLS context");
  return made.release();
}

long code_of(const std::optional<ServerRefusal>& refusal) {
  if (!refusal) return X509_V_OK;
  return refusal->code == X509_V_OK ? X509_V_ERR_CERT_UNTRUSTED : refusal->code;
}

int judge_chain(X509_STORE_CTX* store, void* argument) {
  const STACK_OF(X509)* sent = X509_STORE_CTX_get0_untrusted(store);
  std::vector<Bytes> chain;
  for (int i = 0; i < sk_X509_num(sent); ++i) chain.push_back(crypto::to_der(*sk_X509_value(sent, i)));
  const long code = code_of(static_cast<Attachment*>(argument)->judge(chain));
  X509_STORE_CTX_set_error(store, static_cast<int>(code));
  // The judge's own use of OpenSSL must not be taken for a failure of this handshake.
  crypto::clear_errors();
  return code == X509_V_OK ? 1 : 0;
}

int add_indication(SSL* /*ssl*/, unsigned /*type*/, unsigned /*where*/, const unsigned char** out, std::size_t* length, X509* /*x*/,
                   std::size_t /*index*/, int* /*alert*/, void* argument) {
  const Bytes& value = static_cast<Attachment*>(argument)->trusted_authorities;
  *out = value.data();
  *length = value.size();
  return 1;
}

// The server's acknowledgement is empty and says nothing we need.
int take_acknowledgement(SSL* /*ssl*/, unsigned /*type*/, unsigned /*where*/, const unsigned char* /*in*/, std::size_t /*length*/,
                         X509* /*x*/, std::size_t /*index*/, int* /*alert*/, void* /*argument*/) {
  return 1;
}

void append_length(Bytes& to, std::size_t length) {
  to.push_back(static_cast<Byte>(length >> 8U));
  to.push_back(static_cast<Byte>(length & 0xffU));
}

// TrustedAuthorities with a distinguished name for each anchor.
Result<Bytes> trusted_authorities(const std::vector<Bytes>& anchors) {
  constexpr std::size_t longest = 0xffff;
  Bytes list;
  for (const Bytes& anchor : anchors) {
    const auto certificate = codec::decode_certificate(anchor);
    if (!certificate.value) return Error{"a trust anchor cannot be read: " + describe_first(certificate.findings)};
    const Bytes& name = certificate.value->subject.der;
    if (list.size() + name.size() + 3 > longest) break;
    list.push_back(x509_name);
    append_length(list, name.size());
    append(list, name);
  }
  Bytes all;
  append_length(all, list.size());
  append(all, list);
  return all;
}

}  // namespace

Status set_judge(SSL_CTX& context, const ServerJudge& judge) {
  const Result<Attachment*> attachment = make_attachment(context);
  if (!attachment) return attachment.error();
  (*attachment)->judge = judge;
  SSL_CTX_set_cert_verify_callback(&context, judge_chain, *attachment);
  return {};
}

std::optional<long> judged_again(SSL* ssl, const std::vector<Bytes>& chain) {
  const Attachment* attachment = attachment_of(*SSL_get_SSL_CTX(ssl));
  if (attachment == nullptr || !attachment->judge) return std::nullopt;
  const long code = code_of(attachment->judge(chain));
  crypto::clear_errors();
  return code;
}

Status indicate_trusted_cas(SSL_CTX& context, const std::vector<Bytes>& anchors) {
  if (anchors.empty()) return {};
  const Result<Attachment*> attachment = make_attachment(context);
  if (!attachment) return attachment.error();
  Result<Bytes> list = trusted_authorities(anchors);
  if (!list) return list.error();
  (*attachment)->trusted_authorities = *std::move(list);
  if (SSL_CTX_add_custom_ext(&context, trusted_ca_keys, SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_2_SERVER_HELLO, add_indication, nullptr,
                             *attachment, take_acknowledgement, nullptr) != 1)
    return crypto::openssl_error("cannot indicate the trusted CAs");
  for (const Bytes& anchor : anchors) {
    const Result<crypto::X509Handle> certificate = crypto::parse_certificate(anchor);
    if (!certificate) return certificate.error();
    if (SSL_CTX_add1_to_CA_list(&context, certificate->get()) != 1) return crypto::openssl_error("cannot indicate a trusted CA");
  }
  return {};
}

}  // namespace est::tls
