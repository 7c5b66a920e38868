// Makes a case smaller while it still shows what it showed.
#include <algorithm>

#include "conformance/campaign/campaign.h"
#include "conformance/mutator/tlv_mutator.h"

namespace conformance::campaign {

namespace {

using Still = std::function<bool(const Case&)>;

class Minimiser {
 public:
  Minimiser(Case one, const Still& still, std::size_t calls) : best_(std::move(one)), still_(still), calls_(calls) {}

  Case run() {
    drop_messages();
    for (std::size_t i = 0; i < best_.messages.size(); ++i) {
      drop_elements(i);
      shorten(i, &Message::request);
      shorten(i, &Message::body);
      shorten(i, &Message::behind);
      drop_fields(i);
    }
    return std::move(best_);
  }

 private:
  bool accept(Case smaller) {
    if (calls_ == 0) return false;
    --calls_;
    if (!still_(smaller)) return false;
    best_ = std::move(smaller);
    return true;
  }

  void drop_messages() {
    for (std::size_t i = best_.messages.size(); i-- > 0 && best_.messages.size() > 1;) {
      Case smaller = best_;
      smaller.messages.erase(smaller.messages.begin() + static_cast<std::ptrdiff_t>(i));
      smaller.messages.front().connection = "fresh";
      accept(std::move(smaller));
    }
  }

  // Elements of the request, one here and one there, until a few tries in a row brought nothing.
  void drop_elements(std::size_t i) {
    constexpr int patience = 12;
    const mutator::SeedPool none;
    mutator::Random random(best_.index);
    for (int tries = 0; tries < patience && calls_ > 0 && !best_.messages[i].request.empty(); ++tries) {
      Case smaller = best_;
      est::Bytes& request = smaller.messages[i].request;
      request.resize(mutator::apply(mutator::Operation::remove, request, request.size(), random, none));
      if (request.size() < best_.messages[i].request.size() && accept(std::move(smaller))) tries = 0;
    }
  }

  // Halves, quarters, eighths ... of the octets.
  void shorten(std::size_t i, est::Bytes Message::*octets) {
    constexpr std::size_t finest = 16;
    for (std::size_t parts = 2; parts <= finest && calls_ > 0; parts *= 2) {
      for (std::size_t part = 0; part < parts; ++part) {
        Case smaller = best_;
        est::Bytes& all = smaller.messages[i].*octets;
        if (all.size() < parts) break;
        const std::size_t size = all.size() / parts;
        const auto begin = all.begin() + static_cast<std::ptrdiff_t>(std::min(part * size, all.size()));
        all.erase(begin, begin + static_cast<std::ptrdiff_t>(std::min<std::size_t>(size, static_cast<std::size_t>(all.end() - begin))));
        accept(std::move(smaller));
      }
    }
  }

  void drop_fields(std::size_t i) {
    for (std::size_t at = best_.messages[i].head.find('\n'); at != std::string::npos && calls_ > 0;) {
      const std::size_t end = best_.messages[i].head.find('\n', at + 1);
      if (end == std::string::npos) return;
      Case smaller = best_;
      smaller.messages[i].head.erase(at + 1, end - at);
      if (!accept(std::move(smaller))) at = end;
    }
  }

  Case best_;
  const Still& still_;
  std::size_t calls_;
};

}  // namespace

Case minimise(Case one, const std::function<bool(const Case&)>& still, std::size_t most_calls) {
  return Minimiser(std::move(one), still, most_calls).run();
}

}  // namespace conformance::campaign
