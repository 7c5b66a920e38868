#include "server/scene_test.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "est/base/file.h"
#include "est/base/text.h"
#include "est/crypto/chain.h"
#include "est/http/auth.h"
#include "server/init.h"

namespace server {

using est::Bytes;
using est::crypto::PrivateKey;
using est::http::Request;
using est::http::Response;

Folder::Folder(std::string_view name)
    : path_(std::filesystem::path(testing::TempDir()) / ("est-server-" + std::string(name) + "-" + std::to_string(::getpid()))) {
  std::filesystem::remove_all(path_);
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

const Folder& sample_folder() {
  static const Folder folder("sample");
  static const est::Status made = [] {
    InitOptions options;
    options.directory = folder.path();
    return initialise(options);
  }();
  EXPECT_TRUE(made.ok()) << made.error().message;
  return folder;
}

std::string file_text(const std::string& path) {
  auto text = est::read_file(path);
  EXPECT_TRUE(text.ok()) << text.error().message;
  return text ? *text : std::string();
}

std::string sample_password() { return std::string(est::trim(file_text(sample_folder().path("estuser.password")))); }

Bytes make_csr(const Csr& csr, const PrivateKey& key) {
  est::pki::RequestSpec spec;
  spec.subject = est::codec::parse_name(csr.subject).value();
  std::vector<est::codec::GeneralName> names;
  for (const std::string& name : csr.names) names.push_back(est::codec::parse_general_name(name).value());
  if (!names.empty()) spec.extensions.push_back(est::codec::make_subject_alt_name(names));
  spec.challenge_password = csr.challenge_password;
  spec.attributes = csr.attributes;
  auto made = est::pki::make_request(spec, key);
  EXPECT_TRUE(made.ok());
  return made.value();
}

Bytes make_csr(const Csr& csr) { return make_csr(csr, PrivateKey::generate(csr.key_type).value()); }

Scene::Scene()
    : config(load_config(sample_folder().path("est-server.yaml")).value()),
      clock(est::system_clock().now()),
      authority(ca::Authority::open({config.ca_directory, nullptr}).value()),
      trust(std::make_unique<TrustStore>(load_trust(config, *authority).value())),
      generator(load_key_generator(config).value()),
      authenticator(std::make_unique<Authenticator>(Authenticator::Options{}, *trust, clock)),
      log([this](std::string_view line) { log_lines.emplace_back(line); }),
      handler(std::make_unique<Handler>(
          Handler::Parts{config.labels, *authenticator, *authority, log, clock, false, &generator, trust.get(), &cmc_signer})) {
  cmc_signer.replace(est::tls::load_identity(sample_folder().path("server.pem"), sample_folder().path("server.key")).value());
}

est::tls::Facts Scene::facts(const std::string& who) {
  est::tls::Facts facts;
  facts.version = est::tls::Version::tls12;
  facts.tls_unique = est::to_bytes("unique-of-this-connection");
  facts.tls_exporter = est::to_bytes("exporter-of-this-connection");
  if (!who.empty()) facts.peer_chain = est::crypto::certificates_from_pem(file_text(sample_folder().path(who + ".pem"))).value();
  return facts;
}

Response Scene::send(const Request& request, const est::tls::Facts& facts) const { return handler->answer(request, facts).response; }

Response Scene::get(const std::string& path) const { return send({"GET", path, 1, {}, {}}, facts()); }

Response Scene::enroll(const std::string& label, est::BytesView csr, const est::tls::Facts& facts, bool user,
                       est::ops::Operation operation) const {
  Request request = est::ops::enroll_request(operation, label, "localhost", csr);
  return send(user ? with_password(std::move(request), "estuser", sample_password()) : request, facts);
}

Request with_password(Request request, const std::string& user, const std::string& password) {
  request.fields.set("Authorization", est::http::basic_authorization({user, password}));
  return request;
}

est::codec::Certificate certificate_in(const Response& response) {
  EXPECT_EQ(response.status, 200) << body(response);
  const auto certificates = est::ops::read_certs_only_body(response.body);
  if (!certificates.accepted() || certificates.value->size() != 1) {
    ADD_FAILURE() << "not exactly one certificate: " << est::describe_first(certificates.findings);
    return {};
  }
  return est::codec::decode_certificate(certificates.value->front()).value.value();
}

std::string body(const Response& response) { return est::to_string(response.body); }

}  // namespace server
