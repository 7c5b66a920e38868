// Makes the cases of a campaign. The same maker, index and parent give the same case, but for the random part of ECDSA signatures.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "conformance/campaign/case.h"
#include "conformance/campaign/material.h"
#include "conformance/mutator/tlv_mutator.h"
#include "est/ops/operation.h"

namespace conformance::campaign {

// The target, as far as requests to it show.
struct Scope {
  std::string host;  // field value
  std::string label;
  std::vector<std::pair<std::string, std::string>> fields;  // of every request
  bool password = false, certificate = false;               // what there is to authenticate with; the password comes first
  std::vector<est::ops::Operation> operations;              // the target has
};
[[nodiscard]] Scope scope_of(const target::Profile& profile);

// A request as it should be. `base`: what is enrolled; null for operations without a request.
[[nodiscard]] Message sound_message(const Scope& scope, est::ops::Operation operation, const BaseRequest* base);

// Threads: any, after construction.
class CaseMaker {
 public:
  // `allowed`: layers, at least one. `material` must outlive it.
  CaseMaker(Scope scope, const Material& material, std::uint64_t seed, std::vector<Layer> allowed);

  // `parent`: an earlier case of the layer `request` to go on from, or null. It takes part only when this case is of the same layer.
  [[nodiscard]] Case make(std::uint64_t index, const Case* parent) const;
  [[nodiscard]] const Scope& scope() const noexcept { return scope_; }

 private:
  using Random = mutator::Random;
  [[nodiscard]] Layer choose_layer(Random& random) const;
  [[nodiscard]] bool has(est::ops::Operation operation) const;
  [[nodiscard]] const BaseRequest& any_base(Random& random) const;
  [[nodiscard]] Message enrollment(Random& random) const;
  void disturb_request(Case& one, const Case* parent, Random& random) const;
  [[nodiscard]] est::Bytes mutated(est::Bytes octets, Random& random, std::vector<std::string>& words) const;
  // The same with the CertificationRequestInfo changed and signed again.
  [[nodiscard]] est::Bytes signed_again(const BaseRequest& base, Random& random, std::vector<std::string>& words) const;
  void disturb_transfer(Case& one, Random& random) const;
  void disturb_framing(Case& one, Random& random) const;
  void disturb_authorization(Case& one, Random& random) const;
  void disturb_order(Case& one, Random& random) const;
  void disturb_session(Case& one, Random& random) const;

  Scope scope_;
  const Material& material_;
  std::uint64_t seed_;
  std::vector<Layer> allowed_;
  mutator::SeedPool pool_;
};

}  // namespace conformance::campaign
