// For tests of the checks of clients: a drive and what the server saw of it.
#pragma once

#include "conformance/checks/samples_test.h"
#include "est/http/message.h"
#include "est/ops/message.h"
#include "est/pki/request.h"

namespace conformance::checks::samples {

// A drive and what the server saw of it, as evidence.
class Drive {
 public:
  explicit Drive(const std::string& operation = "cacerts") {
    Exchange main;
    main.name = "step-1";
    main.verb = "drive";
    main.facts = {{"operation", operation}, {"ended", "exited"}, {"exit-status", "0"}, {"connections", "1"}};
    evidence_.exchanges.push_back(main);
  }

  Drive& fact(const std::string& name, const std::string& value) {
    evidence_.exchanges.front().facts[name] = value;
    return *this;
  }
  Drive& artefact(const std::string& name, const est::Bytes& octets) {
    evidence_.exchanges.front().artefacts[name] = octets;
    return *this;
  }
  Drive& parameter(const std::string& name, const std::string& value) {
    evidence_.exchanges.front().parameters[name] = value;
    return *this;
  }
  Drive& exits(const std::string& status) { return fact("exit-status", status); }

  // A request over a TLS 1.2 connection, answered with `status`.
  Drive& request(const est::http::Request& request, int status, const std::string& operation,
                 std::map<std::string, std::string> facts = {}) {
    Exchange seen = draft("request", std::move(facts));
    seen.request = est::http::encode(request);
    seen.method = request.method;
    seen.target = request.target;
    seen.facts.emplace("operation", operation);
    seen.facts.emplace("let-in", "true");
    est::http::Response answer;
    answer.status = status;
    answer.reason = "Reason";
    seen.response = est::http::encode(answer);
    seen.tls = engine::TlsRecord{.version = "TLS 1.2", .tls_unique = est::to_bytes("unique")};
    evidence_.exchanges.push_back(std::move(seen));
    return *this;
  }
  Drive& get(int status = 200, std::map<std::string, std::string> facts = {}) {
    return request(est::ops::get_request(est::ops::Operation::cacerts, "", "localhost"), status, "cacerts", std::move(facts));
  }
  Drive& refused_handshake(const std::string& cause = "alert") {
    Exchange seen = draft("connection", {});
    seen.failure = engine::WireFailure{"handshake", cause, "the client ended the handshake", "unknown_ca"};
    evidence_.exchanges.push_back(std::move(seen));
    return *this;
  }

  [[nodiscard]] CheckResult worst(const std::string& check, Json parameters = Json::object()) const {
    engine::Vocabulary vocabulary;
    add_checks(vocabulary);
    const auto results = vocabulary.check(check)->run({evidence_, evidence_.exchanges.front(), parameters, Json::object(), false});
    CheckResult worst;
    for (const auto& one : results) {
      if (one.verdict > worst.verdict) worst = one;
    }
    return worst;
  }
  [[nodiscard]] Verdict verdict(const std::string& check, Json parameters = Json::object()) const {
    return worst(check, std::move(parameters)).verdict;
  }
  Exchange& last() { return evidence_.exchanges.back(); }

 private:
  Exchange draft(const std::string& verb, std::map<std::string, std::string> facts) {
    Exchange seen;
    seen.name = "step-1/" + std::to_string(evidence_.exchanges.size());
    seen.phase = engine::Phase::peer;
    seen.verb = verb;
    seen.facts = std::move(facts);
    seen.facts.emplace("server", "first");
    return seen;
  }
  Evidence evidence_;
};

inline est::http::Request enrollment(const std::optional<std::string>& linked = {}, const std::string& subject = "CN=device") {
  static const auto key = *est::crypto::PrivateKey::generate(est::crypto::KeyType::ec_p256);
  est::pki::RequestSpec spec;
  spec.subject = *est::codec::parse_name(subject);
  spec.challenge_password = linked;
  return est::ops::enroll_request(est::ops::Operation::simpleenroll, "", "localhost", *est::pki::make_request(spec, key));
}

}  // namespace conformance::checks::samples
