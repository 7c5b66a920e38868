#include "fuzz/second_opinion.h"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include <algorithm>

#include "est/crypto/handle.h"

namespace fuzz {
namespace {

using est::Bytes;
using est::BytesView;

using RequestHandle = std::unique_ptr<X509_REQ, est::crypto::Deleter<X509_REQ_free>>;
using CmsHandle = std::unique_ptr<CMS_ContentInfo, est::crypto::Deleter<CMS_ContentInfo_free>>;

struct FreeCertificates {
  void operator()(STACK_OF(X509) * all) const noexcept { sk_X509_pop_free(all, X509_free); }
};
struct FreeCrls {
  void operator()(STACK_OF(X509_CRL) * all) const noexcept { sk_X509_CRL_pop_free(all, X509_CRL_free); }
};

// The whole input, or nothing; OpenSSL's error queue is left empty.
template <class Handle, auto Decode>
Handle read_whole(BytesView der) {
  const unsigned char* at = der.data();
  Handle handle(Decode(nullptr, &at, static_cast<long>(der.size())));
  ERR_clear_error();
  if (handle && at != der.data() + der.size()) handle.reset();
  return handle;
}

template <class T, class Encode>
Bytes encoded(const T* value, Encode encode) {
  unsigned char* octets = nullptr;
  const int size = encode(value, &octets);
  if (size <= 0) return {};
  Bytes out(octets, octets + size);
  OPENSSL_free(octets);
  return out;
}

Bytes octets_of(const ASN1_STRING* string) {
  if (string == nullptr) return {};
  const unsigned char* data = ASN1_STRING_get0_data(string);
  return {data, data + ASN1_STRING_length(string)};
}

std::vector<Bytes> certificates_of(CMS_ContentInfo* cms) {
  std::vector<Bytes> out;
  const std::unique_ptr<STACK_OF(X509), FreeCertificates> all(CMS_get1_certs(cms));
  for (int i = 0; all && i < sk_X509_num(all.get()); ++i) out.push_back(encoded(sk_X509_value(all.get(), i), i2d_X509));
  return out;
}

std::vector<Bytes> crls_of(CMS_ContentInfo* cms) {
  std::vector<Bytes> out;
  const std::unique_ptr<STACK_OF(X509_CRL), FreeCrls> all(CMS_get1_crls(cms));
  for (int i = 0; all && i < sk_X509_CRL_num(all.get()); ++i) out.push_back(encoded(sk_X509_CRL_value(all.get(), i), i2d_X509_CRL));
  return out;
}

CmsHandle read_cms(BytesView der, int type) {
  CmsHandle cms = read_whole<CmsHandle, d2i_CMS_ContentInfo>(der);
  if (cms && OBJ_obj2nid(CMS_get0_type(cms.get())) != type) cms.reset();
  return cms;
}

}  // namespace

std::optional<OpensslRequest> openssl_request(BytesView der) {
  const RequestHandle request = read_whole<RequestHandle, d2i_X509_REQ>(der);
  if (!request) return std::nullopt;
  OpensslRequest out;
  out.version = X509_REQ_get_version(request.get());
  out.subject = encoded(X509_REQ_get_subject_name(request.get()), i2d_X509_NAME);
  out.public_key_info = encoded(X509_REQ_get_X509_PUBKEY(request.get()), i2d_X509_PUBKEY);
  const ASN1_BIT_STRING* signature = nullptr;
  X509_REQ_get0_signature(request.get(), &signature, nullptr);
  out.signature = octets_of(signature);
  out.attributes = std::max(0, X509_REQ_get_attr_count(request.get()));  // -1: there is no list
  ERR_clear_error();
  return out;
}

bool openssl_verifies_request(BytesView der) {
  const RequestHandle request = read_whole<RequestHandle, d2i_X509_REQ>(der);
  const bool verifies = request && X509_REQ_verify(request.get(), X509_REQ_get0_pubkey(request.get())) == 1;
  ERR_clear_error();
  return verifies;
}

std::optional<OpensslCertificate> openssl_certificate(BytesView der) {
  const est::crypto::X509Handle certificate = read_whole<est::crypto::X509Handle, d2i_X509>(der);
  if (!certificate) return std::nullopt;
  OpensslCertificate out;
  out.subject = encoded(X509_get_subject_name(certificate.get()), i2d_X509_NAME);
  out.issuer = encoded(X509_get_issuer_name(certificate.get()), i2d_X509_NAME);
  out.serial = encoded(X509_get0_serialNumber(certificate.get()), i2d_ASN1_INTEGER);
  out.public_key_info = encoded(X509_get_X509_PUBKEY(certificate.get()), i2d_X509_PUBKEY);
  const ASN1_BIT_STRING* signature = nullptr;
  X509_get0_signature(&signature, nullptr, certificate.get());
  out.signature = octets_of(signature);
  out.extensions = std::max(0, X509_get_ext_count(certificate.get()));
  ERR_clear_error();
  return out;
}

std::optional<OpensslSignedData> openssl_signed_data(BytesView der) {
  const CmsHandle cms = read_cms(der, NID_pkcs7_signed);
  if (!cms) return std::nullopt;
  OpensslSignedData out;
  out.certificates = certificates_of(cms.get());
  out.crls = crls_of(cms.get());
  if (ASN1_OCTET_STRING** content = CMS_get0_content(cms.get()); content != nullptr && *content != nullptr)
    out.content = octets_of(*content);
  const STACK_OF(CMS_SignerInfo)* signers = CMS_get0_SignerInfos(cms.get());
  for (int i = 0; i < sk_CMS_SignerInfo_num(signers); ++i)
    out.signatures.push_back(octets_of(CMS_SignerInfo_get0_signature(sk_CMS_SignerInfo_value(signers, i))));
  ERR_clear_error();
  return out;
}

std::optional<OpensslEnvelopedData> openssl_enveloped_data(BytesView der) {
  const CmsHandle cms = read_cms(der, NID_pkcs7_enveloped);
  if (!cms) return std::nullopt;
  OpensslEnvelopedData out;
  const STACK_OF(CMS_RecipientInfo)* recipients = CMS_get0_RecipientInfos(cms.get());
  for (int i = 0; i < sk_CMS_RecipientInfo_num(recipients); ++i)
    out.recipients.push_back(CMS_RecipientInfo_type(sk_CMS_RecipientInfo_value(recipients, i)));
  if (ASN1_OCTET_STRING** content = CMS_get0_content(cms.get()); content != nullptr && *content != nullptr)
    out.encrypted_content = octets_of(*content);
  ERR_clear_error();
  return out;
}

}  // namespace fuzz
