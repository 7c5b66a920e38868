#include "conformance/campaign/case_maker.h"

#include <algorithm>

#include "conformance/campaign/credentials.h"
#include "conformance/campaign/tricks.h"
#include "est/codec/pkcs10.h"

namespace conformance::campaign {

using est::Bytes;
using est::ops::Operation;
using mutator::Random;

namespace {

constexpr std::uint64_t spread = 0x9E3779B97F4A7C15ULL;
constexpr std::size_t room = 8192;  // a message may grow by
constexpr std::size_t most_messages = 5;

// How often a layer is chosen, in the order of the enumeration.
constexpr std::array<std::uint32_t, layers> weights{46, 10, 18, 8, 10, 8};

bool issues(Operation operation) { return operation != Operation::cacerts && operation != Operation::csrattrs; }

template <class T>
const T& any_of(const std::vector<T>& list, Random& random) {
  return list[random.below(static_cast<std::uint32_t>(list.size()))];
}

}  // namespace

Scope scope_of(const target::Profile& profile) {
  Scope scope;
  const auto& at = profile.url.endpoint;
  scope.host = at.to_string();
  scope.label = profile.label;
  scope.fields = profile.request_headers;
  scope.password = profile.password.has_value();
  scope.certificate = profile.identities.contains("client");
  for (const Operation operation : est::ops::all_operations) {
    const bool basic = operation == Operation::cacerts || operation == Operation::simpleenroll;
    if (basic || profile.claims.contains(std::string(to_string(operation)))) scope.operations.push_back(operation);
  }
  return scope;
}

Message sound_message(const Scope& scope, Operation operation, const BaseRequest* base) {
  Message message;
  message.method = method_of(operation);
  message.target = path_of(operation, scope.label);
  message.head = message.method + " " + message.target + " HTTP/1.1\r\nHost: " + scope.host + "\r\n";
  if (issues(operation)) message.head += "Content-Type: " + std::string(request_media_type(operation)) + "\r\n";
  for (const auto& [name, value] : scope.fields) message.head.append(name).append(": ").append(value).append("\r\n");
  if (!issues(operation)) return message;
  if (scope.password) message.authorization = "right";
  message.certificate = !scope.password && scope.certificate;
  if (base != nullptr) message.request = base->der;
  return message;
}

CaseMaker::CaseMaker(Scope scope, const Material& material, std::uint64_t seed, std::vector<Layer> allowed)
    : scope_(std::move(scope)), material_(material), seed_(seed), allowed_(std::move(allowed)) {
  Random random(seed);
  for (const BaseRequest& base : material_.requests) pool_.remember(base.der, random);
  for (const Bytes& graft : material_.grafts) pool_.remember(graft, random);
}

bool CaseMaker::has(Operation operation) const {
  return std::find(scope_.operations.begin(), scope_.operations.end(), operation) != scope_.operations.end();
}

const BaseRequest& CaseMaker::any_base(Random& random) const { return any_of(material_.requests, random); }

Layer CaseMaker::choose_layer(Random& random) const {
  std::uint32_t sum = 0;
  for (const Layer layer : allowed_) sum += weights.at(static_cast<std::size_t>(layer));
  std::uint32_t at = random.below(sum);
  for (const Layer layer : allowed_) {
    const std::uint32_t weight = weights.at(static_cast<std::size_t>(layer));
    if (at < weight) return layer;
    at -= weight;
  }
  return allowed_.front();
}

Case CaseMaker::make(std::uint64_t index, const Case* parent) const {
  Random random(seed_ * spread + index);
  Case one;
  one.seed = seed_;
  one.index = index;
  one.layer = choose_layer(random);
  switch (one.layer) {
    case Layer::request:
      disturb_request(one, parent, random);
      break;
    case Layer::transfer:
      disturb_transfer(one, random);
      break;
    case Layer::framing:
      disturb_framing(one, random);
      break;
    case Layer::authorization:
      disturb_authorization(one, random);
      break;
    case Layer::order:
      disturb_order(one, random);
      break;
    case Layer::session:
      disturb_session(one, random);
      break;
  }
  return one;
}

Message CaseMaker::enrollment(Random& random) const { return sound_message(scope_, Operation::simpleenroll, &any_base(random)); }

// --- The request's elements

Bytes CaseMaker::mutated(Bytes octets, Random& random, std::vector<std::string>& words) const {
  std::size_t size = octets.size();
  octets.resize(size + room);
  for (std::uint32_t rounds = 1 + random.below(3); rounds > 0; --rounds) size = mutator::mutate(octets, size, random, pool_);
  octets.resize(size);
  words.emplace_back("elements changed");
  return octets;
}

Bytes CaseMaker::signed_again(const BaseRequest& base, Random& random, std::vector<std::string>& words) const {
  const auto sound = est::codec::decode_certification_request(base.der);
  if (!sound.value) return base.der;
  const Bytes info = mutated(sound.value->info, random, words);
  const auto digest = base.key.natural_digest();
  const auto signature = base.key.sign(digest, info);
  if (!signature) return base.der;
  words.emplace_back("signed again");
  return est::codec::encode_certification_request(info, base.key.signature_algorithm(digest), *signature);
}

void CaseMaker::disturb_request(Case& one, const Case* parent, Random& random) const {
  const std::uint32_t dice = random.below(12);
  const Operation operation = dice == 0 && has(Operation::serverkeygen)     ? Operation::serverkeygen
                              : dice == 1 && has(Operation::simplereenroll) ? Operation::simplereenroll
                              : dice <= 3 && has(Operation::fullcmc)        ? Operation::fullcmc
                                                                            : Operation::simpleenroll;
  const BaseRequest& base = any_base(random);
  Message message = sound_message(scope_, operation, &base);
  if (operation == Operation::fullcmc && !material_.full.empty()) {
    message.request = mutated(any_of(material_.full, random), random, one.words);
  } else if (parent != nullptr && parent->layer == Layer::request && !parent->messages.empty() && random.below(2) == 0) {
    one.parents = parent->parents;
    one.parents.push_back(parent->index);
    message.request = mutated(parent->messages.front().request, random, one.words);
  } else {
    message.request = random.below(3) == 0 ? signed_again(base, random, one.words) : mutated(message.request, random, one.words);
  }
  one.messages.push_back(std::move(message));
}

// --- Transfer encoding and framing

void CaseMaker::disturb_transfer(Case& one, Random& random) const {
  Message message = enrollment(random);
  spell_out(message);
  for (std::uint32_t rounds = 1 + random.below(2); rounds > 0; --rounds) {
    const Trick& trick = any_of(transfer_tricks(), random);
    trick.play(message, random);
    one.words.emplace_back(trick.name);
  }
  one.messages.push_back(std::move(message));
}

void CaseMaker::disturb_framing(Case& one, Random& random) const {
  Message message = random.below(4) == 0 ? sound_message(scope_, Operation::cacerts, nullptr) : enrollment(random);
  spell_out(message);
  for (std::uint32_t rounds = 1 + random.below(2); rounds > 0; --rounds) {
    const Trick& trick = any_of(framing_tricks(), random);
    trick.play(message, random);
    one.words.emplace_back(trick.name);
  }
  one.messages.push_back(std::move(message));
}

// --- Authorization

void CaseMaker::disturb_authorization(Case& one, Random& random) const {
  Message message = enrollment(random);
  message.certificate = false;
  const CredentialWord& word = any_of(credential_words(), random);
  message.authorization = word.word;
  one.words.emplace_back(word.meaning);
  if (word.wrong) message.no_certificate = std::string(word.meaning);
  one.messages.push_back(message);
  // The right credentials of the request before say nothing about this one.
  if (scope_.password && word.wrong && random.below(3) == 0) {
    one.words.emplace_back("behind an authorised request on the same connection");
    message.connection = "keep";
    one.messages = {sound_message(scope_, Operation::simpleenroll, &any_base(random)), std::move(message)};
  }
}

// --- Order of operations

void CaseMaker::disturb_order(Case& one, Random& random) const {
  const std::size_t count = 2 + random.below(most_messages - 1);
  for (std::size_t i = 0; i < count; ++i) {
    const Operation operation = any_of(scope_.operations, random);
    const BaseRequest& base = any_base(random);
    Message message = sound_message(scope_, operation, issues(operation) ? &base : nullptr);
    if (operation == Operation::fullcmc && !material_.full.empty()) message.request = any_of(material_.full, random);
    message.certificate = !scope_.password && scope_.certificate;
    if (i > 0) message.connection = random.below(4) == 0 ? "fresh" : "keep";
    std::string word(to_string(operation));
    const std::uint32_t odd = random.below(6);
    if (odd == 0) {
      // A body where none belongs, none where one does.
      message.request = issues(operation) ? Bytes{} : base.der;
      word += issues(operation) ? " without a body" : " with a body";
    } else if (odd == 1 && !material_.grafts.empty()) {
      message.request = any_of(material_.grafts, random);
      word += " of another request";
    } else if (odd == 2 && issues(operation) && scope_.password) {
      message.authorization = "none";
      message.no_certificate = "no Authorization field";
      word += " without credentials";
    }
    one.words.push_back(std::move(word));
    one.messages.push_back(std::move(message));
  }
}

// --- Sessions

void CaseMaker::disturb_session(Case& one, Random& random) const {
  Message message = enrollment(random);
  const Trick& trick = any_of(session_tricks(), random);
  trick.play(message, random);
  one.words.emplace_back(trick.name);
  one.messages.push_back(message);
  // What comes next, on the same connection, on another, or in the same session.
  for (std::uint32_t more = random.below(3); more > 0; --more) {
    Message next = random.below(2) == 0 ? enrollment(random) : sound_message(scope_, Operation::cacerts, nullptr);
    next.certificate = message.certificate;
    const std::uint32_t how = random.below(3);
    next.connection = message.finish == "go-on" ? "keep" : how == 0 ? "fresh" : how == 1 ? "resume" : "keep";
    one.words.push_back("then " + next.method + ", " + next.connection);
    one.messages.push_back(std::move(next));
    message.finish = "await";
  }
  if (one.messages.back().finish == "go-on") one.messages.back().finish = "await";
}

}  // namespace conformance::campaign
