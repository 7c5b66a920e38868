// For tests: a registration authority in this process, between clients and the reference server, or a server that says what the test wants.
#pragma once

#include <gmock/gmock.h>

#include <mutex>

#include "client/client.h"
#include "client/provision.h"
#include "client/scene_test.h"
#include "client/scripted_server_test.h"
#include "est/ops/message.h"
#include "proxy/instance.h"

namespace proxy {

class ProxyTest : public client::SceneTest {
 protected:
  // A proxy with the server's own certificate in front and its RA certificate behind.
  // `behind`: added to the upstream section, ", key: value"; without it answers are waited for two seconds only.
  void start(const est::net::Endpoint& upstream, const std::string& behind = {}) {
    const std::string text =
        "listen: [127.0.0.1:0]\nthreads: 4\n" + more + "server-certificate: " + file("server.pem") + "\nserver-key: " + file("server.key") +
        "\nimplicit-anchors: [" + file("manufacturer-ca.pem") + "]\nusers: [{name: estuser, password-file: " + file("estuser.password") +
        "}]\nlabels: {\"\": {}, pop: {pop: required}, manual: {}, basic: {authentication: basic}, cert: "
        "{authentication: certificate}, plain: {fullcmc: {enabled: false}}}\nupstream: {url: \"https://" +
        upstream.to_string() + "\", anchors: [" + file("root.pem") + "], certificate: " + file(own + ".pem") +
        ", key: " + file(own + ".key") + ", labels: {basic: cert}" + (behind.empty() ? ", answer-seconds: 2" : behind) + "}\n";
    est::Log log([this](std::string_view line) {
      const std::lock_guard lock(log_mutex);
      log_lines += std::string(line) + '\n';
    });
    proxy = est::tls::must(Instance::make(est::tls::must(parse_config(text, "est-proxy.yaml")), std::move(log)));
    ASSERT_TRUE(proxy->start().ok());
  }
  void SetUp() override { start(instance->listening().front()); }

  [[nodiscard]] client::ClientOptions through(const std::string& label = {}, est::tls::Version most = est::tls::Version::tls13) const {
    client::ClientOptions how = options(label, most);
    how.server = proxy->listening().front();
    return how;
  }
  // POST /simpleenroll with credentials that the proxy takes.
  [[nodiscard]] client::Outcome<client::Enrolled> enroll(const std::string& label = {}) const {
    client::ClientOptions how = through(label);
    give_password(how);
    how.retry.limit = 0;
    client::Client est(how);
    return enroll_as_asked(est, plan("CN=through-" + label));
  }

  [[nodiscard]] std::string logged() {
    const std::lock_guard lock(log_mutex);
    return log_lines;
  }

  std::string own = "ra";  // who we are upstream
  std::string more;        // lines of the configuration
  std::mutex log_mutex;
  std::string log_lines;
  std::unique_ptr<Instance> proxy;  // before what it uses
};

// An upstream that says what the test wants.
class HostileUpstream : public ProxyTest {
 protected:
  void SetUp() override {
    est::tls::ServerProfile profile;
    profile.identity = identity("server");
    upstream = std::make_unique<client::ScriptedServer>(
        profile, [this](const est::http::Request& request, const est::net::Peer&, int) -> est::http::Response {
          if (request.target.ends_with("/cacerts")) return est::ops::cacerts_response(trust().explicit_anchors);
          if (request.target.ends_with("/csrattrs")) return est::ops::csrattrs_response({});
          return says;
        });
    start(upstream->at(), behind());
  }
  [[nodiscard]] virtual std::string behind() const { return {}; }
  // Requests the upstream saw that were no questions for certificates or attributes.
  [[nodiscard]] std::vector<est::http::Request> posts() const {
    auto all = upstream->requests();
    std::erase_if(all, [](const est::http::Request& each) { return each.method != "POST"; });
    return all;
  }
  // What the client is told when the upstream says this.
  [[nodiscard]] client::Problem told(const est::http::Response& response) {
    says = response;
    const auto enrolled = enroll();
    EXPECT_FALSE(enrolled.ok());
    return enrolled.ok() ? client::Problem{} : enrolled.problem();
  }

  est::http::Response says;
  std::unique_ptr<client::ScriptedServer> upstream;
};

}  // namespace proxy
