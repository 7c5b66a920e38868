#include "est/crypto/detached.h"

#include <openssl/cms.h>

#include <climits>

#include "est/codec/oid.h"
#include "est/codec/signed_data.h"
#include "est/crypto/chain.h"

namespace est::crypto {
namespace {

using MessageHandle = std::unique_ptr<CMS_ContentInfo, Deleter<CMS_ContentInfo_free>>;
using PileHandle = std::unique_ptr<STACK_OF(X509), decltype([](STACK_OF(X509) * pile) { sk_X509_pop_free(pile, X509_free); })>;
using TimeHandle = std::unique_ptr<ASN1_TIME, Deleter<ASN1_TIME_free>>;

BioHandle reading(BytesView octets) {
  return octets.size() > INT_MAX ? BioHandle() : BioHandle(BIO_new_mem_buf(octets.data(), static_cast<int>(octets.size())));
}

Bytes der_of(CMS_ContentInfo* message) {
  unsigned char* octets = nullptr;
  const int size = i2d_CMS_ContentInfo(message, &octets);
  if (size <= 0) return {};
  Bytes der(octets, octets + size);
  OPENSSL_free(octets);
  return der;
}

std::string text_of(const X509_NAME* name) {
  const BioHandle out(BIO_new(BIO_s_mem()));
  if (!out || X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253) < 0) return {};
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

// 0 when there is none, or none that can be read.
UnixTime signing_time(CMS_SignerInfo* signer) {
  const int at = CMS_signed_get_attr_by_NID(signer, NID_pkcs9_signingTime, -1);
  X509_ATTRIBUTE* attribute = at < 0 ? nullptr : CMS_signed_get_attr(signer, at);
  const ASN1_TYPE* value = attribute == nullptr ? nullptr : X509_ATTRIBUTE_get0_type(attribute, 0);
  if (value == nullptr || (value->type != V_ASN1_UTCTIME && value->type != V_ASN1_GENERALIZEDTIME)) return 0;
  const TimeHandle epoch(ASN1_TIME_set(nullptr, 0));
  int days = 0;
  int seconds = 0;
  if (!epoch || ASN1_TIME_diff(&days, &seconds, epoch.get(), value->value.asn1_string) != 1) return 0;
  return UnixTime{days} * 86400 + seconds;
}

Result<PileHandle> pile_of(const std::vector<Bytes>& certificates, std::size_t from) {
  PileHandle pile(sk_X509_new_null());
  for (std::size_t i = from; i < certificates.size(); ++i) {
    auto certificate = parse_certificate(certificates[i]);
    if (!certificate) return certificate.error();
    if (sk_X509_push(pile.get(), certificate->get()) > 0) (void)certificate->release();
  }
  return pile;
}

// What OpenSSL does not look at, and no signature covers, has the one value that sign_detached() gives it.
bool is_as_we_write(BytesView signature) {
  const auto message = codec::decode_signed_data(signature);
  if (!message.value || !message.findings.empty() || message.value->signers.size() != 1) return false;
  const codec::SignerInfo& signer = message.value->signers.front();
  const codec::AlgorithmIdentifier rsa{codec::oids::rsa_encryption, {5, 0}};  // NULL
  const codec::AlgorithmIdentifier ecdsa{codec::oids::ecdsa_with_sha256, {}};
  return message.value->content_type == codec::oids::data && message.value->version == codec::signed_data_version(*message.value) &&
         signer.unsigned_attributes.empty() && signer.digest_algorithm.algorithm == codec::oids::sha256 &&
         (signer.signature_algorithm == rsa || signer.signature_algorithm == ecdsa);
}

Result<MessageHandle> parse_message(BytesView signature) {
  const Byte* at = signature.data();
  if (signature.size() > INT_MAX) return Error{"the signature is too large"};
  MessageHandle message(d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(signature.size())));
  if (!message) return openssl_error("this is no CMS message");
  // Written again it must be the same, or octets that nothing covers could be changed.
  if (der_of(message.get()) != to_bytes(signature)) return Error{"this is no CMS message in DER"};
  if (!is_as_we_write(signature)) return Error{"this is no CMS signature by one RSA or EC key with SHA-256"};
  return message;
}

// Trusts this certificate alone, whatever it is for and however old: OpenSSL compares the signed attribute signingCertificate with the
// certificate only where it builds a chain.
X509StoreHandle trusting(X509* certificate) {
  X509StoreHandle store(X509_STORE_new());
  if (!store || X509_STORE_add_cert(store.get(), certificate) != 1) return {};
  X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME);
  X509_STORE_set_purpose(store.get(), X509_PURPOSE_ANY);
  return store;
}

// Borrowed from the message; null when it is not there.
X509* certificate_of(CMS_ContentInfo* message, CMS_SignerInfo* signer) {
  const PileHandle all(CMS_get1_certs(message));
  for (int i = 0; i < sk_X509_num(all.get()); ++i)
    if (CMS_SignerInfo_cert_cmp(signer, sk_X509_value(all.get(), i)) == 0) return sk_X509_value(all.get(), i);
  return nullptr;
}

DetachedSigner describe(CMS_ContentInfo* message, CMS_SignerInfo* info, X509* certificate) {
  DetachedSigner signer{.certificate = to_der(*certificate),
                        .others = {},
                        .subject = text_of(X509_get_subject_name(certificate)),
                        .issuer = text_of(X509_get_issuer_name(certificate)),
                        .signed_at = signing_time(info)};
  const PileHandle all(CMS_get1_certs(message));
  for (int i = 0; i < sk_X509_num(all.get()); ++i) {
    Bytes der = to_der(*sk_X509_value(all.get(), i));
    if (der != signer.certificate) signer.others.push_back(std::move(der));
  }
  return signer;
}

}  // namespace

Result<Bytes> sign_detached(BytesView content, const PrivateKey& key, const std::vector<Bytes>& certificates) {
  clear_errors();
  if (certificates.empty()) return Error{"there is no certificate to sign with"};
  auto own = parse_certificate(certificates.front());
  if (!own) return own.error();
  if (X509_check_private_key(own->get(), key.handle()) != 1) {
    clear_errors();
    return Error{"the certificate is not that of the key"};
  }
  auto others = pile_of(certificates, 1);
  if (!others) return others.error();
  const BioHandle data = reading(content);
  const MessageHandle message(
      CMS_sign(own->get(), key.handle(), others->get(), data.get(), CMS_DETACHED | CMS_BINARY | CMS_NOSMIMECAP | CMS_CADES));
  if (!message) return openssl_error("the signature cannot be made");
  return der_of(message.get());
}

Result<DetachedSigner> verify_detached(BytesView content, BytesView signature) {
  clear_errors();
  auto message = parse_message(signature);
  if (!message) return message.error();
  CMS_SignerInfo* signer = sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(message->get()), 0);
  X509* certificate = certificate_of(message->get(), signer);
  if (certificate == nullptr) return Error{"the signer's certificate is not in the message"};
  const X509StoreHandle store = trusting(certificate);
  const BioHandle data = reading(content);
  if (!store || CMS_verify(message->get(), nullptr, store.get(), data.get(), nullptr, CMS_BINARY | CMS_CADES) != 1)
    return openssl_error("the signature does not fit");
  return describe(message->get(), signer, certificate);
}

}  // namespace est::crypto
