// Small tools the fault tables are written with.
#pragma once

#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/selftest/fault.h"
#include "est/codec/pkcs10.h"
#include "est/ops/operation.h"

namespace conformance::selftest {

using est::Bytes;
using est::http::Response;
using est::ops::Operation;
using AfterHook = std::function<void(const Scene&, Response&)>;
using Instead = std::function<std::optional<Response>(const Scene&)>;
using Test = std::function<bool(const Scene&)>;  // whether a fault shows

// Where a promise is to name scenarios: all of them, and one variant each.
inline const std::vector<std::string> anything = {"EST-SE-*"};
[[nodiscard]] std::vector<std::string> each(const std::string& scenario, std::initializer_list<const char*> values);

[[nodiscard]] bool is(const est::http::Request& request, Operation operation);
[[nodiscard]] bool is_enroll(const est::http::Request& request);  // simpleenroll or simplereenroll
[[nodiscard]] std::string label_of(const est::http::Request& request);
[[nodiscard]] bool is_at(const Scene& scene, std::string_view label);
[[nodiscard]] bool has_password(const Scene& scene);

// Replaces the body and lets Content-Length follow.
void set_body(Response& response, Bytes body);
void set_body(Response& response, std::string_view body);
void set_der(Response& response, const Bytes& octets);  // in base64
void set_certificates(Response& response, const std::vector<Bytes>& certificates);
// The base64 body as octets; empty when it is not base64.
[[nodiscard]] Bytes decoded_body(est::BytesView body);
[[nodiscard]] std::vector<Bytes> certificates_in(const Response& response);

// The request in the body, read as leniently as can be: findings are ignored.
[[nodiscard]] std::optional<est::codec::CertificationRequest> request_in(const est::http::Request& request);

// What a careless CA would put into a certificate; defaults are those of a good one.
struct Careless {
  std::optional<est::codec::Name> subject;
  std::optional<Bytes> public_key_info;
  std::optional<std::vector<est::codec::Extension>> extensions;
  std::optional<est::codec::Validity> validity;
};
[[nodiscard]] std::optional<Bytes> certify(ca::Authority& authority, const est::codec::CertificationRequest& request,
                                           const Careless& how = {});
// A 200 with the certificate `certify` makes; a 500 when the request cannot even be read.
[[nodiscard]] Response certify_whatever(const Scene& scene, const Careless& how = {});

// A fresh key's SubjectPublicKeyInfo, and a certificate from a CA nobody knows.
[[nodiscard]] Bytes foreign_public_key();
[[nodiscard]] Bytes foreign_certificate(std::string_view subject, est::BytesView public_key_info);

// Builders of common hooks.
[[nodiscard]] AfterHook on_success(Operation operation, std::function<void(Response&)> change);  // only answers with 200
[[nodiscard]] AfterHook on_enrolled(std::function<void(Response&)> change);                      // 200 to either enroll operation
[[nodiscard]] AfterHook on_enroll_refusal(std::function<void(Response&)> change);                // 4xx and 5xx to either
// Certifies the request whenever the handler refused it with `status` (any of them when 0).
[[nodiscard]] AfterHook certify_when_refused(int status);

// Certifies a readable request that was refused (401 excepted) when `odd` holds: this peer lacks that check.
[[nodiscard]] AfterHook grant(Test odd);
[[nodiscard]] Instead answer_if(const Test& odd, int status, const std::string& sentence);
// Ends the connection without an answer.
[[nodiscard]] std::function<void(const Scene&, est::net::Reply&)> drop_if(Test odd);
void take_large_bodies(server::Config& config);

}  // namespace conformance::selftest
