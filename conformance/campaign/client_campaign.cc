#include "conformance/campaign/client_campaign.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <mutex>
#include <set>

#include "conformance/campaign/tricks.h"
#include "conformance/engine/json.h"
#include "conformance/engine/scenario.h"
#include "conformance/steps/client_driver.h"
#include "est/base/file.h"
#include "est/base/text.h"
#include "est/codec/base64.h"
#include "est/codec/pkcs10.h"
#include "est/http/parser.h"
#include "est/ops/message.h"

namespace conformance::campaign {

using engine::Exchange;
using engine::Json;
using est::Bytes;
using mutator::Random;

namespace {

constexpr std::uint64_t client_spread = 0x9E3779B97F4A7C15ULL;
constexpr std::size_t growth = 8192;
constexpr std::string_view elements_changed = "elements changed", another_key = "a certificate for another key";
constexpr std::string_view head_end = "\r\n\r\n";
constexpr std::array shell_signals{132, 133, 134,
                                   135, 136, 139};  // what a shell makes of SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV
constexpr std::array<std::string_view, 5> sanitizer_words{"ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "WARNING: ThreadSanitizer",
                                                          "WARNING: MemorySanitizer", ": runtime error: "};

// The answer as a message whose body can be played with.
Message message_of(const Bytes& octets) {
  Message message;
  const std::string_view text = est::as_text(octets);
  const auto end = std::min(text.find(head_end), text.size());
  message.head = std::string(text.substr(0, end)) + "\r\n";
  message.encoded = false;
  if (end < text.size()) message.body.assign(octets.begin() + static_cast<std::ptrdiff_t>(end + head_end.size()), octets.end());
  const auto length = message.head.find("Content-Length: ");
  message.measured = length != std::string::npos;
  if (message.measured) message.head.erase(length, message.head.find("\r\n", length) + 2 - length);
  const auto der = est::codec::decode_base64(est::as_text(message.body), est::codec::Base64Mode::lenient);
  if (der.accepted()) message.request = *der.value;
  return message;
}

void change_elements(Message& message, Random& random, const std::vector<Bytes>& grafts) {
  mutator::SeedPool pool;
  for (const Bytes& graft : grafts) pool.remember(graft, random);
  Bytes& der = message.request;
  std::size_t size = der.size();
  der.resize(size + growth);
  for (std::uint32_t rounds = 1 + random.below(3); rounds > 0; --rounds) size = mutator::mutate(der, size, random, pool);
  der.resize(size);
  message.body = est::to_bytes(est::codec::encode_base64(der));
}

void play_one(const std::vector<Trick>& tricks, Message& message, Random& random, std::vector<std::string>& words) {
  const Trick& trick = tricks[random.below(static_cast<std::uint32_t>(tricks.size()))];
  trick.play(message, random);
  words.emplace_back(trick.name);
}

// --- One act of the client

struct Acted {
  std::string kind, sentence;  // of a problem; empty: none
  std::string outcome;
  Bytes request, answer;
  std::string errors;
};

// Now and then the answer is sound, and for another key.
bool is_swapped(const std::string& operation, std::uint64_t index) { return operation == "simpleenroll" && index % 7 == 3; }

std::string fact(const Exchange& exchange, const char* name) {
  const auto found = exchange.facts.find(name);
  return found == exchange.facts.end() ? std::string() : found->second;
}

std::string errors_of(const Exchange& exchange) {
  const auto found = exchange.artefacts.find("stderr");
  return found == exchange.artefacts.end() ? std::string() : est::to_string(found->second);
}

bool has_sanitizer_report(const std::string& errors) {
  return std::any_of(sanitizer_words.begin(), sanitizer_words.end(), [&](auto word) { return errors.find(word) != std::string::npos; });
}

bool is_signal(const std::string& status) {
  return std::any_of(shell_signals.begin(), shell_signals.end(), [&](int each) { return std::to_string(each) == status; });
}

// Whether the key of the request stands anywhere in the answer: without it there can be no certificate for it, however the answer is read.
// What cannot be read as a request (a Full PKI Request, none at all) is not judged.
bool may_be_accepted(const Bytes& request, const Bytes& answer) {
  est::http::RequestParser parser;
  parser.feed(request);
  if (parser.state() != est::http::RequestParser::State::complete) return true;
  const auto csr = est::ops::read_enroll_body(parser.head().body);
  if (!csr.value) return true;
  const Bytes& key = csr.value->key.key;
  const Bytes der = message_of(answer).request;
  return std::search(der.begin(), der.end(), key.begin(), key.end()) != der.end();
}

class Stage {
 public:
  Stage(const target::ClientProfile& profile, std::shared_ptr<const peer::Pki> pki, const ClientOptions& options)
      : options_(options), driver_(steps::make_client_driver(profile, std::move(pki), {}, [this](const auto& operation, auto& delivery) {
          disturb(operation, delivery);
        })) {}

  // `index`: nothing for an undisturbed act.
  est::Result<Acted> act(const std::string& operation, std::optional<std::uint64_t> index, int seconds) {
    {
      const std::lock_guard lock(mutex_);
      operation_ = operation;
      index_ = index;
      words_.clear();
    }
    const auto session = driver_->begin(engine::Scenario{});
    engine::Step step{.verb = "drive", .parameters = {{"operation", operation}, {"within", seconds}}, .name = "act", .place = {}};
    if (index && is_swapped(operation, *index)) step.parameters["server"] = {{"answers", {{"simpleenroll", {{"contents", "other-key"}}}}}};
    Exchange exchange;
    const auto outcome = session->perform(step, {}, exchange);
    if (outcome.kind == engine::StepOutcome::Kind::fault) return est::Error{outcome.sentence};
    if (outcome.kind == engine::StepOutcome::Kind::cannot && exchange.facts.empty()) return est::Error{outcome.sentence};
    const std::vector<std::string> done = words();
    const bool well_framed = !done.empty() && (done.front() == elements_changed || done.front() == another_key);
    return judged(operation, exchange, outcome.further, well_framed);
  }

  [[nodiscard]] std::vector<std::string> words() {
    const std::lock_guard lock(mutex_);
    return words_;
  }

 private:
  void disturb(const std::string& operation, peer::Delivery& delivery) {
    const std::lock_guard lock(mutex_);
    if (!index_ || operation != operation_ || delivery.octets.empty()) return;
    words_.clear();
    if (is_swapped(operation, *index_)) {
      words_.emplace_back(another_key);
      return;
    }
    disturb_answer(options_.seed, *index_, options_.grafts, delivery, words_);
  }

  static Acted judged(const std::string& operation, const Exchange& exchange, const std::vector<Exchange>& further, bool well_framed) {
    Acted acted;
    for (const Exchange& each : further) {
      if (fact(each, "operation") != operation || each.response.empty()) continue;
      acted.request = each.request;
      acted.answer = each.response;
    }
    acted.errors = errors_of(exchange);
    const std::string ended = fact(exchange, "ended"), status = fact(exchange, "exit-status");
    acted.outcome = ended == "exited" ? "exit status " + status : ended;
    if (ended == "signalled" || is_signal(status)) {
      acted.kind = "crash";
      acted.sentence = "died of signal " + (ended == "signalled" ? fact(exchange, "signal") : std::to_string(std::stoi(status) - 128));
    } else if (has_sanitizer_report(acted.errors)) {
      acted.kind = "sanitizer";
      acted.sentence = "was stopped by a sanitizer";
    } else if (ended == "timed-out") {
      acted.kind = "hang";
      acted.sentence = "did not end in time";
    } else if (operation == "simpleenroll" && well_framed && status == "0" && !acted.answer.empty() &&
               !may_be_accepted(acted.request, acted.answer)) {
      acted.kind = "accepted";
      acted.sentence = "said that it succeeded, with an answer that has no certificate for its key";
    }
    return acted;
  }

  const ClientOptions& options_;
  std::mutex mutex_;
  std::string operation_;  // guarded by mutex_, as are the next two
  std::optional<std::uint64_t> index_;
  std::vector<std::string> words_;
  std::unique_ptr<engine::Driver> driver_;
};

// What the client takes part in: each operation is done once with a server that does everything well.
est::Result<std::vector<std::string>> working_operations(Stage& stage, int seconds) {
  std::vector<std::string> working;
  std::string last = "nothing was tried";
  for (const std::string operation : {"cacerts", "csrattrs", "simpleenroll", "simplereenroll", "serverkeygen", "fullcmc", "provision"}) {
    const auto acted = stage.act(operation, std::nullopt, seconds);
    if (!acted) return acted.error();
    if (acted->kind.empty() && acted->outcome == "exit status 0" && !acted->answer.empty()) working.push_back(operation);
    if (acted->outcome != "cannot") last = operation + ": " + acted->outcome + ", " + est::printable(est::trim(acted->errors), 300);
  }
  if (working.empty()) return est::Error{"the client does nothing with a server that does everything well (" + last + "); look at --exec"};
  return working;
}

est::Status store(const ClientFinding& finding, const Acted& acted, const ClientOptions& options) {
  if (options.out.empty()) return {};
  const std::string folder = options.out + "/" + finding.folder;
  std::error_code trouble;
  if (!std::filesystem::create_directories(folder, trouble)) return est::Error{folder + " cannot be made, or is there already"};
  Json told = to_json(finding);
  told["seed"] = options.seed;
  const std::array<std::pair<const char*, std::string>, 4> files{std::pair{"case.json", engine::print_json(told)},
                                                                 {"request", est::to_string(acted.request)},
                                                                 {"answer", est::to_string(acted.answer)},
                                                                 {"stderr.txt", acted.errors}};
  for (const auto& [name, text] : files)
    if (auto written = est::write_file(folder + "/" + name, text); !written) return written;
  return {};
}

void confirm(Stage& stage, ClientFinding& finding, const ClientOptions& options) {
  const int seconds = finding.kind == "hang" ? options.seconds * 3 : options.seconds;
  while (finding.tries < options.tries && finding.times < options.needed) {
    ++finding.tries;
    const auto again = stage.act(finding.one.operation, finding.one.index, seconds);
    if (again && again->kind == finding.kind) ++finding.times;
    if (finding.tries - finding.times > options.tries - options.needed) break;
  }
  finding.confirmed = finding.times >= options.needed;
}

}  // namespace

bool ClientSummary::confirmed() const {
  return std::any_of(findings.begin(), findings.end(), [](const ClientFinding& finding) { return finding.confirmed; });
}

Json to_json(const ClientFinding& finding) {
  return {{"kind", finding.kind},
          {"sentence", "the client " + finding.sentence},
          {"index", finding.one.index},
          {"operation", finding.one.operation},
          {"words", finding.one.words},
          {"confirmed", finding.confirmed},
          {"showed", {{"times", finding.times}, {"tries", finding.tries}}},
          {"folder", finding.folder}};
}

Json to_json(const ClientSummary& summary) {
  Json findings = Json::array();
  for (const ClientFinding& finding : summary.findings) findings.push_back(to_json(finding));
  return {{"cases", summary.cases},       {"findings", std::move(findings)},  {"outcomes", summary.outcomes},
          {"repeated", summary.repeated}, {"operations", summary.operations}, {"milliseconds", summary.took.count()}};
}

void disturb_answer(std::uint64_t seed, std::uint64_t index, const std::vector<Bytes>& grafts, peer::Delivery& answer,
                    std::vector<std::string>& words) {
  Random random(seed * client_spread + index);
  Message message = message_of(answer.octets);
  const std::uint32_t dice = random.below(10);
  if (dice < 5 && !message.request.empty()) {
    change_elements(message, random, grafts);
    words.emplace_back(elements_changed);
  } else if (dice < 7 && !message.body.empty()) {
    play_one(transfer_tricks(), message, random, words);
  } else {
    play_one(framing_tricks(), message, random, words);
  }
  // Where the length is in doubt only the end of the connection is an end.
  answer.ending = peer::Ending::close;
  answer.octets = octets_of(message, "");
}

est::Result<ClientSummary> run_client_campaign(const target::ClientProfile& profile, std::shared_ptr<const peer::Pki> pki,
                                               const ClientOptions& options) {
  ClientSummary summary;
  Stage stage(profile, std::move(pki), options);
  auto operations = working_operations(stage, options.seconds);
  if (!operations) return operations.error();
  summary.operations = *std::move(operations);
  const auto began = std::chrono::steady_clock::now();
  std::set<std::string> seen;
  const auto goes_on = [&] {
    const bool in_time = options.time.count() == 0 || std::chrono::steady_clock::now() - began < options.time;
    const bool enough = options.enough > 0 && summary.findings.size() >= options.enough;
    return in_time && !enough && summary.cases < options.cases && !(options.stopped && options.stopped());
  };
  while (goes_on()) {
    const std::uint64_t index = options.first + summary.cases++;
    const std::string& operation = summary.operations[index * 2654435761U % summary.operations.size()];
    auto acted = stage.act(operation, index, options.seconds);
    if (!acted) return acted.error();
    const std::vector<std::string> words = stage.words();
    const std::string what = operation + ", " + (words.empty() ? "no answer wanted" : est::join(words, ", "));
    ++summary.outcomes[what + ": " + acted->outcome];
    if (acted->kind.empty()) continue;
    if (!seen.insert(acted->kind + " " + what).second) {
      ++summary.repeated;
      continue;
    }
    ClientFinding finding{acted->kind, acted->sentence, {index, operation, words}, 0, 0, false, {}};
    confirm(stage, finding, options);
    finding.folder = fmt::format("findings/{:03}-{}", summary.findings.size() + 1, finding.kind);
    if (auto stored = store(finding, *acted, options); !stored) return stored.error();
    summary.findings.push_back(std::move(finding));
  }
  summary.took = std::chrono::duration_cast<est::Milliseconds>(std::chrono::steady_clock::now() - began);
  return summary;
}

}  // namespace conformance::campaign
