// For tests: the reference server in this process, and options for clients that talk to it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "client/client.h"
#include "client/provision.h"
#include "client/temporary_folder_test.h"
#include "est/base/file.h"
#include "est/base/text.h"
#include "est/crypto/chain.h"
#include "est/tls/identities_test.h"
#include "server/init.h"
#include "server/instance.h"

namespace client {

// Made by `est-server init` once in each test program.
inline const TemporaryFolder& ca_folder() {
  static const TemporaryFolder folder;
  static const bool made = [] {
    server::InitOptions init;
    init.directory = folder.path("ca");
    const est::Status done = server::initialise(init);
    if (!done) throw std::runtime_error(done.error().message);
    return true;
  }();
  static_cast<void>(made);
  return folder;
}

class SceneTest : public testing::Test {
 protected:
  SceneTest() {
    server::Config config = est::tls::must(server::load_config(file("est-server.yaml")));
    config.listen = {{"127.0.0.1", 0}};
    config.listen_late = {{"127.0.0.1", 0}};
    instance = est::tls::must(server::Instance::make(config, est::Log::nowhere()));
    EXPECT_TRUE(instance->start().ok());
  }

  [[nodiscard]] std::string file(const std::string& name) const { return ca_folder().path("ca/" + name); }
  [[nodiscard]] std::string url() const { return "https://" + instance->listening().front().to_string(); }
  [[nodiscard]] est::net::Endpoint late() const { return instance->listening().back(); }
  [[nodiscard]] Trust trust() const {
    Trust all;
    all.explicit_anchors = est::tls::must(est::crypto::certificates_from_pem(est::tls::must(est::read_file(file("root.pem")))));
    return all;
  }
  [[nodiscard]] est::tls::Identity identity(const std::string& name) const {
    return est::tls::must(est::tls::load_identity(file(name + ".pem"), file(name + ".key")));
  }
  [[nodiscard]] ClientOptions options(const std::string& label = {}, est::tls::Version most = est::tls::Version::tls13) const {
    ClientOptions how;
    how.server = instance->listening().front();
    how.label = label;
    how.trust = trust();
    how.session.most = most;
    how.wait = [](est::Milliseconds) {
      ADD_FAILURE() << "nobody should wait here";
      return false;
    };
    return how;
  }
  [[nodiscard]] std::string password() const { return std::string(est::trim(est::tls::must(est::read_file(file("estuser.password"))))); }
  void give_password(ClientOptions& how, const std::string& other = {}) const {
    how.session.credentials = [password = other.empty() ? password()
                                                        : other](const Challenged&) -> est::Result<std::optional<est::http::Credentials>> {
      return std::optional(est::http::Credentials{"estuser", password});
    };
  }
  [[nodiscard]] static EnrollmentPlan plan(const std::string& subject) {
    EnrollmentPlan wanted;
    if (!subject.empty()) wanted.request.wishes.subject = est::tls::must(est::codec::parse_name(subject));
    return wanted;
  }
  [[nodiscard]] static est::codec::Certificate decoded(const est::Bytes& certificate) {
    auto result = est::codec::decode_certificate(certificate);
    if (!result.accepted()) throw std::runtime_error(describe_first(result.findings));
    return *std::move(result.value);
  }
  void approve_everything() const {
    const auto records = est::tls::must(instance->authority().pending());
    for (const auto& each : records) {
      if (each.state != "waiting") continue;
      EXPECT_TRUE(instance->authority().approve(each.id).ok());
    }
  }

  std::unique_ptr<server::Instance> instance;
};

}  // namespace client
