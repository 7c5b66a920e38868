// The client's part of an enrollment: as little as OpenSSL can be called with, and the client of est/net that `estspec load` and every
// scenario use. Both verify the server, send the same octets, and read until the whole answer is there.
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "bench/material.h"
#include "bench/measure.h"
#include "bench/peer.h"
#include "est/base/text.h"
#include "est/http/answer.h"
#include "est/http/parser.h"
#include "est/net/client.h"
#include "est/ops/message.h"

namespace bench {

namespace {

using ContextOwner = std::unique_ptr<SSL_CTX, est::crypto::Deleter<SSL_CTX_free>>;
using ConnectionOwner = std::unique_ptr<SSL, est::crypto::Deleter<SSL_free>>;

est::Bytes fixed_request() {
  auto request = est::ops::enroll_request(est::ops::Operation::simpleenroll, "basic", peer().address.to_string(), csr());
  request.fields.set("Authorization", est::http::basic_authorization(peer().user));
  return est::http::encode(request);
}

// A TCP connection that blocks.
class Pipe {
 public:
  Pipe() : descriptor_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(peer().address.port);
    ::inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    demand(::connect(descriptor_, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0, "no connection");
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() { ::close(descriptor_); }
  [[nodiscard]] int get() const noexcept { return descriptor_; }

 private:
  int descriptor_;
};

class BareClient {
 public:
  BareClient() : context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_min_proto_version(context_.get(), TLS1_3_VERSION);
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    for (const est::Bytes& anchor : peer().anchors) {
      const unsigned char* at = anchor.data();
      const est::crypto::X509Handle certificate(d2i_X509(nullptr, &at, static_cast<long>(anchor.size())));
      demand(X509_STORE_add_cert(SSL_CTX_get_cert_store(context_.get()), certificate.get()) == 1, "the anchor is not taken");
    }
  }

  void enroll(bool keep) {
    if (!pipe_) open();
    demand(SSL_write(ssl_.get(), request_.data(), static_cast<int>(request_.size())) > 0, "the request is not taken");
    read_answer();
    if (keep) return;
    SSL_shutdown(ssl_.get());
    ssl_.reset();
    pipe_.reset();
  }

 private:
  void open() {
    pipe_.emplace();
    ssl_.reset(SSL_new(context_.get()));
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_.get()), "127.0.0.1");
    SSL_set_fd(ssl_.get(), pipe_->get());
    demand(SSL_connect(ssl_.get()) == 1, "the handshake fails");
  }
  void read_answer() {
    std::size_t have = 0;
    for (std::size_t wanted = 1; have < wanted;) {
      const int got = SSL_read(ssl_.get(), buffer_.data() + have, static_cast<int>(buffer_.size() - have - 1));
      demand(got > 0, "no answer");
      have += static_cast<std::size_t>(got);
      buffer_.at(have) = '\0';
      wanted = whole(have);
    }
    if (std::memcmp(buffer_.data(), "HTTP/1.1 200", 12) != 0) demand(false, buffer_.data());
  }
  // Octets of the answer when its head is there, else one more than there are.
  [[nodiscard]] std::size_t whole(std::size_t have) const {
    const char* end = std::strstr(buffer_.data(), "\r\n\r\n");
    const char* length = std::strstr(buffer_.data(), "Content-Length: ");
    if (end == nullptr || length == nullptr) return have + 1;
    return static_cast<std::size_t>(end - buffer_.data()) + 4 + std::strtoul(length + 16, nullptr, 10);
  }

  ContextOwner context_;
  est::Bytes request_ = fixed_request();
  std::optional<Pipe> pipe_;
  ConnectionOwner ssl_;
  std::array<char, 16384> buffer_{};
};

class SuiteClient {
 public:
  SuiteClient() {
    est::tls::ClientProfile profile;
    profile.anchors = peer().anchors;
    profile.expected_name = "127.0.0.1";
    profile.least = profile.most = est::tls::Version::tls13;
    context_ = must(est::tls::ClientContext::make(profile));
  }

  void enroll(bool keep) {
    if (!line_) open();
    const est::Deadline deadline = est::Deadline::after(est::Milliseconds(10000));
    demand(!line_->write(request_, deadline), "the request is not taken");
    est::http::ResponseParser parser("POST");
    while (parser.state() == est::http::ResponseParser::State::need_more) {
      const auto got = line_->read(buffer_, deadline);
      demand(got.count > 0, "no answer");
      static_cast<void>(parser.feed(est::BytesView(buffer_).first(got.count)));
    }
    if (parser.observed().message.status != 200) demand(false, "status " + std::to_string(parser.observed().message.status));
    if (keep) return;
    line_->close();
    line_.reset();
  }

 private:
  void open() {
    auto opened = est::net::ClientConnection::open(peer().address, *context_, {});
    if (const auto* failure = std::get_if<est::net::Failure>(&opened)) demand(false, failure->message);
    line_.emplace(std::get<est::net::ClientConnection>(std::move(opened)));
  }

  std::shared_ptr<const est::tls::ClientContext> context_;
  est::Bytes request_ = fixed_request();
  std::optional<est::net::ClientConnection> line_;
  est::Bytes buffer_ = est::Bytes(16384);
};

template <class Client>
void as_client(benchmark::State& state, bool keep) {
  Client client;
  client.enroll(keep);
  const auto own_before = thread_cpu(), all_before = process_cpu();
  const Loop loop(state);
  for (auto _ : state) client.enroll(keep);
  const auto own = thread_cpu() - own_before;
  Sides{own, process_cpu() - all_before - own}.report(state);
}

}  // namespace

void add_clients() {
  for (const bool keep : {false, true}) {
    const std::string reuse = keep ? "keep-alive" : "new";
    benchmark::RegisterBenchmark(("client/" + reuse + "/openssl").c_str(), as_client<BareClient>, keep)->UseRealTime();
    benchmark::RegisterBenchmark(("client/" + reuse + "/own").c_str(), as_client<SuiteClient>, keep)->UseRealTime();
  }
}

}  // namespace bench
