#include "conformance/steps/person.h"

#include <cstdio>
#include <mutex>
#include <optional>

#include "conformance/steps/person_page.h"
#include "est/base/text.h"
#include "est/crypto/digest.h"
#include "est/net/plain_listener.h"

namespace conformance::steps {
namespace {

constexpr est::Milliseconds page_patience{1000};  // for one request, while the terminal waits
constexpr est::Milliseconds page_look{100};

void print_question(const Question& question) {
  std::fprintf(stderr, "\n*** %zu. Make the client do: %s\n", question.number, question.operation.c_str());
  for (const auto& [name, value] : question.instructions) {
    if (!value.empty()) std::fprintf(stderr, "***   %s: %s\n", name.c_str(), est::printable(value, 1000).c_str());
  }
  std::fprintf(stderr, "*** The same is at http://%s/\n", question.host.c_str());
  if (has_terminal())
    std::fprintf(stderr, "*** Press Enter when it reported success; type no when it gave up, cannot when it cannot do that: ");
}

}  // namespace

struct Person::Impl {
  std::mutex busy;
  std::optional<est::net::PlainListener> page;
  std::size_t questions = 0;

  est::Status open() {
    if (page) return {};
    auto listener = est::net::PlainListener::bind({"127.0.0.1", 0});
    if (!listener) return est::Error{"no page for the person: " + listener.error().message};
    page.emplace(*std::move(listener));
    return {};
  }

  Said wait(Question& question, est::Milliseconds within) {
    const auto deadline = est::Deadline::after(within);
    while (!deadline.passed()) {
      question.left = deadline.left();
      const Said typed = has_terminal() ? typed_within(est::Milliseconds(0)) : Said::nothing;
      if (typed != Said::nothing) return typed;
      Said said = Said::nothing;
      page->serve(est::Deadline::after(page_look), page_patience, [&](const est::http::Request& request) {
        PageReply reply = page_reply(request, question);
        said = reply.said;
        return std::move(reply.response);
      });
      if (said != Said::nothing) return said;
    }
    return Said::nothing;
  }
};

Person::Person() : impl_(std::make_unique<Impl>()) {}
Person::~Person() = default;

est::Result<ClientEnd> Person::ask(const std::string& operation, const Instructions& instructions, est::Milliseconds within) {
  const std::lock_guard lock(impl_->busy);
  if (auto opened = impl_->open(); !opened) return opened.error();
  Question question{++impl_->questions,
                    est::hex(est::crypto::random_bytes(16)),
                    operation,
                    instructions,
                    within,
                    "127.0.0.1:" + std::to_string(impl_->page->port())};
  print_question(question);
  ClientEnd end;
  switch (impl_->wait(question, within)) {
    case Said::nothing:
      return est::Error{"nobody said within " + std::to_string(within.count() / 1000) + " s what the client did"};
    case Said::cannot:
      end.kind = ClientEnd::Kind::cannot;
      break;
    case Said::no:
      end.code = 1;
      break;
    case Said::yes:
      break;
  }
  return end;
}

}  // namespace conformance::steps
