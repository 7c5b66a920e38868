#include "bench/material.h"

#include "bench/measure.h"
#include "est/codec/cms.h"
#include "est/codec/csrattrs.h"
#include "est/codec/oid.h"
#include "est/pki/request.h"

namespace bench {

using est::Bytes;
namespace codec = est::codec;

codec::Validity a_day() {
  const est::UnixTime now = est::system_clock().now();
  return {now - 3600, now + 86400};
}

Authority::Authority(est::crypto::KeyType type)
    : type_(type),
      draft_(must(est::pki::draft("CN=bench root", a_day(), {codec::make_basic_constraints(true)}, type))),
      root_(must(est::pki::issue_self_signed(draft_.spec, draft_.key))) {}

est::tls::Identity Authority::identity(const std::string& subject, const std::string& address) const {
  std::vector<codec::Extension> extensions;
  if (!address.empty()) extensions.push_back(codec::make_subject_alt_name({must(codec::parse_general_name("IP:" + address))}));
  auto draft = must(est::pki::draft(subject, a_day(), extensions, type_));
  return {{must(est::pki::issue_certificate(draft.spec, issuer()))}, draft.key};
}

const Authority& authority() {
  static const Authority one;
  return one;
}

const est::crypto::PrivateKey& device_key() {
  static const auto key = must(est::crypto::PrivateKey::generate(est::crypto::KeyType::ec_p256));
  return key;
}

const Bytes& csr() {
  static const Bytes request = [] {
    est::pki::RequestSpec spec;
    spec.subject = must(codec::parse_name("CN=device-1,O=Acme"));
    spec.extensions.push_back(codec::make_subject_alt_name({must(codec::parse_general_name("DNS:device-1.example"))}));
    return must(est::pki::make_request(spec, device_key()));
  }();
  return request;
}

const Bytes& device_certificate() {
  static const Bytes certificate = [] {
    est::pki::CertificateSpec spec;
    spec.serial = est::pki::random_serial();
    spec.subject = must(codec::parse_name("CN=device-1,O=Acme"));
    spec.public_key_info = device_key().public_key_info();
    spec.validity = a_day();
    return must(est::pki::issue_certificate(spec, authority().issuer()));
  }();
  return certificate;
}

Bytes certs_only(std::size_t certificates) { return codec::encode_certs_only(std::vector<Bytes>(certificates, device_certificate())); }

const Bytes& csrattrs() {
  static const Bytes der = [] {
    codec::CsrAttrs attributes;
    attributes.elements.emplace_back(codec::oids::challenge_password);
    attributes.elements.emplace_back(codec::make_extension_request({codec::make_extended_key_usage({codec::oids::client_auth})}));
    return codec::encode(attributes);
  }();
  return der;
}

}  // namespace bench
